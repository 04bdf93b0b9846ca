//! Fuzzing: each target of `loadtest-http` for so long, led by libFuzzer where it can be built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Instant;

/// The longest input, in bytes.
const LONGEST: usize = 20_000;
/// From so many seconds for each target on a run is long.
const LONG: u64 = 30;
/// Makes libFuzzer the driver, and has the compiler count what is covered. All of it is stable.
const FLAGS: &str = "--cfg fuzzing --cfg fuzzing_libfuzzer -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares";

/// How the targets are driven.
struct Driver {
    /// The target triple, if libFuzzer can be had.
    libfuzzer: Option<String>,
    root: PathBuf,
    seconds: u64,
}

/// Runs all targets, each for so many seconds, as many at once as there are cores.
pub(crate) fn run(seconds: u64) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask lies in no workspace")?.to_path_buf();
    let libfuzzer = if has_cpp() { host() } else { None };
    if libfuzzer.is_none() {
        eprintln!("xtask: fuzz: no C++ compiler for libFuzzer (on Debian: apt install g++), so inputs are random");
    }
    let driver = Driver { libfuzzer, root, seconds };
    let started = Instant::now();
    driver.built()?;
    let targets = driver.targets()?;
    eprintln!("xtask: fuzz: {} targets built: {} s", targets.len(), started.elapsed().as_secs());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for some in targets.chunks(cores) {
        let outcomes: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|target| scope.spawn(|| driver.fuzz(target))).collect();
            running.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("panicked".to_owned()))).collect()
        });
        for (target, outcome) in some.iter().zip(outcomes) {
            let runs = outcome.map_err(|error| format!("fuzz: {target} failed:\n{error}"))?;
            eprintln!("xtask: fuzz: {target}: {runs}");
        }
    }
    Ok(())
}

impl Driver {
    /// The tests that are targets, built to be driven.
    fn cargo(&self) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["test", "--quiet", "--lib"]).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
        match &self.libfuzzer {
            // Named, so that the flags are not for build scripts too.
            Some(host) => {
                command.current_dir(self.root.join("fuzz")).args(["--target", host]).env("RUSTFLAGS", FLAGS);
                command.env("CARGO_TARGET_DIR", self.made());
            }
            None => {
                command.current_dir(&self.root).args(["-p", "loadtest-http", "--features", "compression"]);
            }
        }
        command
    }

    fn corpora(&self) -> PathBuf {
        self.root.join("loadtest-http/fuzz-corpus")
    }

    /// Where the build is, and the inputs that runs have found worth keeping.
    fn made(&self) -> PathBuf {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from);
        target.join("fuzz")
    }

    /// Where inputs go that cover more. A long run begins with those of the last one; a short one would do nothing else.
    fn found(&self) -> PathBuf {
        self.made().join(if self.seconds < LONG { "corpus-short" } else { "corpus" })
    }

    fn built(&self) -> Result<(), String> {
        let status = self.cargo().arg("--no-run").status().map_err(|error| format!("cargo: {error}"))?;
        if status.success() { Ok(()) } else { Err("the fuzz targets could not be built".to_owned()) }
    }

    /// Their full names.
    fn targets(&self) -> Result<Vec<String>, String> {
        let output = self.cargo().args(["--", "--list", "::fuzz::"]).output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let targets: Vec<String> =
            text.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect();
        // A module that nobody names any more is no error to the compiler.
        let corpora = fs::read_dir(self.corpora()).map_err(|error| error.to_string())?.flatten();
        match corpora.map(|entry| entry.file_name()).find(|name| !targets.iter().any(|target| corpus(target) == name)) {
            Some(name) => Err(format!("the corpus {} has no fuzz target", name.display())),
            None => Ok(targets),
        }
    }

    /// Runs a target; how many inputs were tried.
    fn fuzz(&self, target: &str) -> Result<String, String> {
        let name = target.rsplit("::").next().unwrap_or(target);
        let corpus = self.corpora().join(corpus(target));
        let found = self.found().join(name);
        if self.seconds < LONG {
            // What there is not is removed already.
            let _ = fs::remove_dir_all(&found);
        }
        fs::create_dir_all(&found).map_err(|error| format!("{}: {error}", found.display()))?;
        let arguments = format!(
            "-max_total_time={} -max_len={LONGEST} -timeout=20 -artifact_prefix={}/found- {} {}",
            self.seconds,
            corpus.display(),
            found.display(),
            corpus.display()
        );
        let mut command = self.cargo();
        command.env("BOLERO_LIBFUZZER_ARGS", arguments).env("LOADTEST_FUZZ_SECONDS", self.seconds.to_string());
        let output = command.args(["--", target, "--exact", "--nocapture"]).output();
        let Output { status, stdout, stderr } = output.map_err(|error| error.to_string())?;
        let text = [String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)].concat();
        let runs = text.lines().find(|line| line.starts_with("Done "));
        match runs {
            Some(runs) if status.success() => Ok(runs.to_owned()),
            _ => Err(last(&text)),
        }
    }
}

/// The corpus of a target: its name, up to the first underscore.
fn corpus(target: &str) -> &str {
    let name = target.rsplit("::").next().unwrap_or(target);
    name.split('_').next().unwrap_or(name)
}

/// The end of what was said: before it stands what was covered.
fn last(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(60)..).unwrap_or_default().join("\n")
}

/// libFuzzer is written in C++.
fn has_cpp() -> bool {
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "c++".into());
    let output = Command::new(compiler).arg("--version").output();
    cfg!(unix) && output.is_ok_and(|output| output.status.success())
}

/// The triple of this machine.
fn host() -> Option<String> {
    let output = Command::new("rustc").arg("-vV").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}
