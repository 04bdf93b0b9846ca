//! Inside this crate a file imports only from a lower rank, or from its own module: so nothing goes in a circle.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::path::Path;

/// From the lowest rank to the highest; modules of one rank do not know each other, unless they are in one module.
const RANKS: [&[&str]; 17] = [
    &["units", "error", "exit", "tls", "trace", "iterations", "secret"],
    &["timer"],
    &["stats"],
    &["wait", "options", "extensions", "threshold", "failure_files"],
    &["class_config"],
    &["context"],
    &["feeder"],
    &["task"],
    &["user"],
    &["life"],
    &["plan"],
    &["report"],
    &["listener"],
    &["runner"],
    &["exit_code", "testing"],
    &["console"],
    &["cli"],
];

fn rank(module: &str) -> usize {
    RANKS.iter().position(|rank| rank.contains(&module)).unwrap_or_else(|| panic!("{module} has no rank: give it one"))
}

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules named after `crate::` in the code, tests and comments left out.
fn imports(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|name| name.chars().next().is_some_and(char::is_lowercase))
        .collect()
}

#[test]
fn a_file_imports_only_from_a_lower_rank() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found);
    let mut wrong = BTreeSet::new();
    for path in found {
        let inside = path.strip_prefix(&source).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let is_test = inside.iter().any(|part| part == "tests" || part == "tests.rs");
        if module == "lib" || is_test {
            continue;
        }
        for import in imports(&std::fs::read_to_string(&path).unwrap()) {
            if import != module && rank(&import) >= rank(&module) {
                wrong.insert(format!("{} imports {import}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
