//! The other load generators: found, or built and installed under `target/rivals`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::clients::Client;
use crate::process::{first_line, visibly};
use crate::server::target_directory;

/// What is installed, as it stands in the tables.
const OHA: &str = "1.16.0";
const LOCUST: &str = "2.47";

/// The folder of the excluded workspace.
pub(crate) const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rivals-clients");

/// A program that can be run.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its path.
    pub program: String,
    /// Its name and version.
    pub version: String,
    /// What it is to read: Locust's file.
    pub file: String,
}

/// A tool, or why it is not there.
#[derive(Debug, Clone)]
pub struct Found(Result<Tool, String>);

impl Found {
    /// The tool.
    ///
    /// # Errors
    /// With the reason why it is not there.
    pub fn as_ref(&self) -> Result<&Tool, String> {
        self.0.as_ref().map_err(Clone::clone)
    }
}

/// All of them.
#[derive(Debug)]
pub struct Tools {
    /// wrk, from the system's packages.
    pub wrk: Found,
    /// oha, by `cargo install`.
    pub oha: Found,
    /// `reqwest_client` of `rivals-clients`.
    pub reqwest: Found,
    /// `goose_client` of `rivals-clients`.
    pub goose: Found,
    /// Locust, by pip.
    pub locust: Found,
}

impl Tools {
    /// Finds or installs what these clients need; says what it does. A tool that cannot be had is said, and its rows say
    /// why they are empty.
    ///
    /// # Errors
    /// Without `taskset` and `timeout`, that is without any way to measure.
    pub fn prepare(needed: &[Client]) -> Result<Self, String> {
        for (program, package) in [("taskset", "util-linux"), ("timeout", "coreutils"), ("bash", "bash")] {
            system_package(program, package)?;
        }
        let directory = target_directory()?.join("rivals");
        let needs = |clients: &[Client]| clients.iter().any(|client| needed.contains(client));
        let when = |needed: bool, tool: &dyn Fn() -> Result<Tool, String>| {
            let tool = if needed { tool() } else { Err("no part of this run".to_owned()) };
            // The reason stands in the tables, which say nothing of where a machine has its folders.
            let tool =
                tool.map_err(|why| why.replace(&text(&directory), "target/rivals").replace(CLIENTS, "rivals-clients"));
            match &tool {
                Ok(tool) => println!("  {}: {}", tool.version, tool.program),
                Err(why) if needed => println!("\n  !!! A CLIENT WILL BE MISSING: {why}\n"),
                Err(_) => {}
            }
            Found(tool)
        };
        println!("The clients, under {}:", directory.display());
        Ok(Self {
            wrk: when(needs(&[Client::Wrk]), &wrk),
            oha: when(needs(&[Client::Oha]), &|| oha(&directory)),
            reqwest: when(needs(&[Client::Reqwest]), &|| of_ours(&directory, "reqwest_client", "reqwest")),
            goose: when(needs(&[Client::Goose]), &|| of_ours(&directory, "goose_client", "goose")),
            locust: when(needs(&[Client::LocustHttp, Client::LocustFast]), &|| locust(&directory)),
        })
    }

    /// Names and versions of those that are there.
    #[must_use]
    pub fn versions(&self) -> Vec<String> {
        let tools = [&self.wrk, &self.oha, &self.reqwest, &self.goose, &self.locust];
        tools.into_iter().filter_map(|found| Some(found.as_ref().ok()?.version.clone())).collect()
    }
}

/// Installs a package of the system when its program is missing.
fn system_package(program: &str, package: &str) -> Result<(), String> {
    let there = || Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if there() {
        return Ok(());
    }
    let apt = ["apt-get", "install", "-y", package];
    let root = first_line("id", &["-u"]).is_some_and(|id| id == "0");
    let words: &[&str] = if root { &apt } else { &["sudo", "-n", "apt-get", "install", "-y", package] };
    println!("{program} is not here; installing it:");
    let (first, rest) = words.split_first().ok_or("no command")?;
    let done = visibly(Command::new(first).args(rest).env("DEBIAN_FRONTEND", "noninteractive"));
    if there() { Ok(()) } else { Err(format!("no {program}: {}", done.err().unwrap_or_default())) }
}

fn wrk() -> Result<Tool, String> {
    system_package("wrk", "wrk")?;
    // `wrk debian/4.1.0-3+b2 [epoll] Copyright …`
    let line = first_line("wrk", &["--version"]).unwrap_or_default();
    let version = line.split_whitespace().nth(1).unwrap_or("of an unknown version").trim_start_matches("debian/");
    Ok(Tool { program: "wrk".to_owned(), version: format!("wrk {version}"), file: String::new() })
}

fn oha(directory: &Path) -> Result<Tool, String> {
    let program = text(&directory.join("bin/oha"));
    let version = format!("oha {OHA}");
    if first_line(&program, &["--version"]).as_ref() != Some(&version) {
        // As `cargo install` without `--locked` is the one that gets repaired dependencies, it is the second try.
        let install = |locked: &[&str]| {
            let mut cargo = Command::new(env!("CARGO"));
            cargo
                .args(["install", "oha", "--version", OHA, "--quiet", "--force", "--root"])
                .arg(directory)
                .args(locked);
            visibly(cargo.arg("--target-dir").arg(directory.join("build")))
        };
        install(&["--locked"]).or_else(|_| install(&[]))?;
    }
    Ok(Tool { program, version, file: String::new() })
}

/// A program of `rivals-clients`, with the version of the crate that it measures.
fn of_ours(directory: &Path, program: &str, measured: &str) -> Result<Tool, String> {
    let target = directory.join("clients");
    let manifest = format!("{CLIENTS}/Cargo.toml");
    visibly(
        Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--locked", "--manifest-path", &manifest, "--bin", program])
            .arg("--target-dir")
            .arg(&target),
    )?;
    let lock = std::fs::read_to_string(format!("{CLIENTS}/Cargo.lock")).unwrap_or_default();
    let version = locked_version(&lock, measured).unwrap_or_default();
    let name = if measured == "goose" { "Goose" } else { measured };
    let program = text(&target.join("release").join(program));
    Ok(Tool { program, version: format!("{name} {version}"), file: String::new() })
}

/// The version of a crate in a lock file.
fn locked_version(lock: &str, name: &str) -> Option<String> {
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    let line = lines.nth(1)?;
    Some(line.strip_prefix("version = \"")?.trim_end_matches('"').to_owned())
}

fn locust(directory: &Path) -> Result<Tool, String> {
    let place = directory.join("locust");
    let program = text(&place.join("bin/locust"));
    let version = || first_line(&program, &["--version"]).filter(|line| line.starts_with(&format!("locust {LOCUST}.")));
    if version().is_none() {
        // Cleared: an environment that was moved here has programs that name the place where it was.
        let hint = |error| format!("{error} (on Debian: apt-get install python3-venv)");
        visibly(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place)).map_err(hint)?;
        let pip = ["install", "--quiet", "--disable-pip-version-check", &format!("locust=={LOCUST}.*")];
        visibly(Command::new(place.join("bin/pip")).args(pip))?;
    }
    let line = version().ok_or("Locust was installed, but does not tell its version")?;
    // `locust 2.47.0 from /… (Python 3.11.7)`
    let mut words = line.split_whitespace();
    let number = words.nth(1).unwrap_or_default();
    let python = line.rsplit_once('(').map(|(_, python)| python.trim_end_matches(')')).unwrap_or_default();
    Ok(Tool { program, version: format!("Locust {number} ({python})"), file: format!("{CLIENTS}/locustfile.py") })
}

fn text(path: &Path) -> String {
    PathBuf::from(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::{CLIENTS, locked_version};

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = std::fs::read_to_string(format!("{CLIENTS}/Cargo.lock")).unwrap();
        assert_eq!(locked_version(&lock, "goose").as_deref(), Some("0.19.0"));
        assert!(locked_version(&lock, "reqwest").unwrap().starts_with("0.13."));
        assert_eq!(locked_version(&lock, "no-such-crate"), None);
    }
}
