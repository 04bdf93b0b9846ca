//! A file that is written as a whole: it has the old content or the new one, never half of it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::report::RunSettings;
use crate::units::format_duration;

/// Where an output goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    path: PathBuf,
}

impl Target {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Finds out whether it can be written, and leaves what is there as it is.
    pub(super) fn check(&self) -> io::Result<()> {
        match self.place()? {
            Place::Device => Ok(()),
            Place::File(path) => {
                // It could be replaced all the same; whoever protected it does not want that.
                if fs::metadata(&path).is_ok_and(|data| data.permissions().readonly()) {
                    return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
                }
                let temporary = temporary(&path);
                File::create(&temporary)?;
                fs::remove_file(temporary)
            }
        }
    }

    /// Writes all of it. Into a file beside it first, which then takes its place: whoever reads meanwhile, or kills this
    /// process, has a whole file.
    pub(super) fn write(&self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
        match self.place()? {
            Place::Device => fill(OpenOptions::new().write(true).open(&self.path)?, write),
            Place::File(path) => {
                let temporary = temporary(&path);
                let written = File::create(&temporary).and_then(|file| {
                    // Who could not read what was there shall not read what comes.
                    if let Ok(before) = fs::metadata(&path) {
                        file.set_permissions(before.permissions())?;
                    }
                    fill(file, write)
                });
                let renamed = written.and_then(|file| fs::rename(&temporary, &path).map(|()| file));
                if renamed.is_err() {
                    // What is there keeps what it had; half a file is of no use to anybody.
                    let _ = fs::remove_file(&temporary);
                }
                renamed
            }
        }
    }

    /// What is at the end of the path.
    fn place(&self) -> io::Result<Place> {
        match fs::metadata(&self.path) {
            Ok(data) if data.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")),
            // A link stays one: what it leads to is replaced.
            Ok(data) if data.is_file() => Ok(Place::File(fs::canonicalize(&self.path)?)),
            Ok(_) => Ok(Place::Device),
            Err(_) => Ok(Place::File(self.path.clone())),
        }
    }
}

enum Place {
    File(PathBuf),
    /// A terminal, a pipe, /dev/null: it cannot be replaced, and is written as it is.
    Device,
}

fn fill(file: File, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// In the same folder, as a file cannot be renamed to another disk.
fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// `{u}`, `{r}` and `{t}` in the name of a file: users, spawn rate and run time, as in Locust.
pub(super) fn expanded(path: &Path, settings: &RunSettings) -> PathBuf {
    // What is no text has no braces that could be told from others.
    let Some(text) = path.to_str() else { return path.to_owned() };
    let rate = settings.spawn_rate.map_or_else(|| "unlimited".to_owned(), |rate| rate.to_string());
    let time = settings.run_time.map_or_else(|| "unlimited".to_owned(), format_duration);
    text.replace("{u}", &settings.users.to_string()).replace("{r}", &rate).replace("{t}", &time).into()
}

/// With this ending, if it has not got it yet: Locust's `--json-file` takes names without.
pub(super) fn with_ending(path: PathBuf, ending: &str) -> PathBuf {
    if path.extension().is_some_and(|has| has.eq_ignore_ascii_case(ending)) {
        return path;
    }
    let mut path = path.into_os_string();
    path.push(".");
    path.push(ending);
    path.into()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_ending_is_added_once() {
        let ending = |path: &str| with_ending(path.into(), "json");
        assert_eq!(ending("a/run"), Path::new("a/run.json"));
        assert_eq!(ending("a/run.v1"), Path::new("a/run.v1.json"));
        assert_eq!(ending("a/run.json"), Path::new("a/run.json"));
        assert_eq!(ending("run.JSON"), Path::new("run.JSON"));
    }

    #[test]
    fn what_goes_wrong_in_the_middle_leaves_the_file_as_it_was() {
        let folder = std::env::temp_dir().join(format!("loadtest-target-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let target = Target::new(folder.join("run.json"));
        target.write(|out| out.write_all(b"first")).unwrap();
        target
            .write(|out| {
                out.write_all(b"half")?;
                Err(io::Error::other("no more"))
            })
            .unwrap_err();
        target.check().unwrap();
        assert_eq!(fs::read(target.path()).unwrap(), b"first");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(Target::new(folder.clone()).check().unwrap_err().to_string(), "it is a folder");
        #[cfg(unix)]
        {
            let link = folder.join("link");
            std::os::unix::fs::symlink(target.path(), &link).unwrap();
            Target::new(link.clone()).write(|out| out.write_all(b"second")).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(target.path()).unwrap(), b"second");
        }
        let mut permissions = fs::metadata(target.path()).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(target.path(), permissions).unwrap();
        assert_eq!(target.check().unwrap_err().to_string(), "it is read-only");
        fs::remove_dir_all(folder).unwrap();
    }
}
