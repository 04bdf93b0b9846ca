//! A file that grows while a run goes on: what was added to it stays, whatever becomes of the process or of the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};

use super::target::Target;

/// A file that is added to.
#[derive(Debug)]
pub(super) struct Growing {
    target: Target,
    header: Vec<u8>,
    file: Option<File>,
    /// Whether it was made by this run.
    created: bool,
}

impl Growing {
    pub(super) fn new(target: Target, header: Vec<u8>) -> Self {
        Self { target, header, file: None, created: false }
    }

    /// Adds these lines, whole or not at all. Each time it is made sure that the file is still where it was: one that was
    /// taken away would be written to as well, and nobody could ever read it.
    pub(super) fn add(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.file.as_ref().is_some_and(|file| !self.is_in_place(file)) {
            self.file = None;
        }
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.open()?,
        };
        let good = file.metadata()?.len();
        if let Err(error) = file.write_all(lines) {
            // A disk that is full takes half a line. What cannot be cut off, such as a pipe, has had it.
            let _ = file.set_len(good);
            self.file = Some(file);
            return Err(error);
        }
        self.file = Some(file);
        Ok(())
    }

    fn open(&mut self) -> io::Result<File> {
        if self.created
            && let Ok(file) = OpenOptions::new().append(true).open(self.target.path())
        {
            if file.metadata()?.len() == 0 {
                (&file).write_all(&self.header)?;
            }
            return Ok(file);
        }
        drop(self.target.write(|out| out.write_all(&self.header))?);
        self.created = true;
        OpenOptions::new().append(true).open(self.target.path())
    }

    #[cfg(unix)]
    fn is_in_place(&self, file: &File) -> bool {
        use std::os::unix::fs::MetadataExt;

        let (Ok(here), Ok(there)) = (file.metadata(), fs::metadata(self.target.path())) else { return false };
        (here.dev(), here.ino()) == (there.dev(), there.ino())
    }

    #[cfg(not(unix))]
    fn is_in_place(&self, _: &File) -> bool {
        fs::exists(self.target.path()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_where_it_was_when_its_folder_comes_back() {
        let folder = std::env::temp_dir().join(format!("loadtest-growing-{}", std::process::id()));
        let away = folder.with_extension("away");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("history.csv");
        fs::write(&path, "of an earlier run\n").unwrap();
        let mut growing = Growing::new(Target::new(path.clone()), b"head\n".to_vec());
        growing.add(b"1\n").unwrap();
        fs::rename(&folder, &away).unwrap();
        growing.add(b"2\n").unwrap_err();
        fs::rename(&away, &folder).unwrap();
        growing.add(b"3\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "head\n1\n3\n");
        fs::remove_dir_all(&folder).unwrap();
        growing.add(b"4\n").unwrap_err();
        fs::create_dir_all(&folder).unwrap();
        growing.add(b"5\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "head\n5\n");
        fs::remove_dir_all(folder).unwrap();
    }
}
