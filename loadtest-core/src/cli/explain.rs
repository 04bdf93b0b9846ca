//! What is wrong with a command line, in one line that says what to write instead.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use super::options;
use crate::error::InputError;
use crate::exit_code;

/// Prints what clap has to say: help and version as they are, an error in one line. Gives the exit code.
pub(super) fn explain(error: &clap::Error, command: &Command) -> u8 {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Whoever closed stdout does not want to read it.
        let _ = error.print();
        return exit_code::OK;
    }
    super::complain(&InputError::new(error_line(error, command)));
    exit_code::INPUT
}

/// Flags of Locust that there are not, and what to do instead.
const OF_LOCUST: [(&[&str], &str); 9] = [
    (&["-f", "--locustfile"], "this program is the locustfile"),
    (&["-c", "--clients"], "write --users"),
    (&["--no-web"], "write --headless"),
    (&["-i"], "write --iterations"),
    (&["--hatch-rate"], "write --spawn-rate"),
    (&["--class-picker"], "the form of the web UI always has the user classes"),
    (&["--web-login"], "write --web-auth user:password"),
    (&["--processes", "--master", "--worker"], "one process uses all cores; --threads says how many"),
    (&["--print-stats"], "the figures are shown anyway, unless --only-summary says otherwise"),
];

fn of_locust(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else { return None };
    let (_, instead) = OF_LOCUST.iter().find(|(flags, _)| flags.contains(&named.as_str()))?;
    (error.kind() == ErrorKind::UnknownArgument).then(|| format!("there is no {named} as in Locust: {instead}"))
}

/// What is wrong, in one line.
pub(super) fn error_line(error: &clap::Error, command: &Command) -> String {
    if let Some(line) = of_locust(error) {
        return line;
    }
    let blamed = blamed(error, command);
    // Without a value it is the value that is missing.
    let has_value =
        matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if !value.is_empty());
    let mut line = match (&blamed, error.get(ContextKind::InvalidArg)) {
        // What was typed is in the message, and may be in the reason.
        (Some(argument), Some(ContextValue::String(named))) if has_value && options::is_secret(argument) => {
            format!("invalid value for '{named}', which is not shown because it is secret")
        }
        _ => one_line(&error.render().to_string()),
    };
    if let Some(variable) = blamed.and_then(variable_of) {
        line.push_str("; it comes from the variable ");
        line.push_str(&variable);
    }
    line
}

/// The flag whose value is wrong.
fn blamed<'a>(error: &clap::Error, command: &'a Command) -> Option<&'a Arg> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else { return None };
    let value_is_wrong =
        matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::InvalidUtf8);
    let flag = named.split(' ').next().filter(|_| value_is_wrong)?;
    command.get_arguments().find(|argument| {
        let short = argument.get_short().map(|short| format!("-{short}"));
        argument.get_long().is_some_and(|long| flag.strip_prefix("--") == Some(long)) || short.as_deref() == Some(flag)
    })
}

/// The variable from which a wrong value comes, if it was not typed.
fn variable_of(argument: &Arg) -> Option<String> {
    let long = argument.get_long().map(|long| format!("--{long}"));
    let short = argument.get_short().map(|short| format!("-{short}"));
    let typed = std::env::args_os().skip(1).any(|typed| {
        let typed = typed.to_string_lossy();
        long.as_ref().is_some_and(|long| typed.starts_with(&**long))
            || short.as_ref().is_some_and(|short| !typed.starts_with("--") && typed.starts_with(&**short))
    });
    let variable = argument.get_env().filter(|variable| !typed && std::env::var_os(variable).is_some())?;
    Some(variable.to_string_lossy().into_owned())
}

/// The message and its tips, without usage, the pointer to `--help`, and how to write a flag as a value: a user class is
/// never called like one.
fn one_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let parts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .map(|line| line.strip_prefix("tip: ").unwrap_or(line))
        .filter(|line| !line.starts_with("to pass '"))
        .collect();
    parts.join("; ").replace(":; ", ": ")
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::flags::Flags;

    fn refused(arguments: &[&str]) -> String {
        let arguments = ["test"].iter().chain(arguments);
        error_line(&Flags::try_parse_from(arguments).expect_err("refused"), &Flags::command())
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_with_what_to_write() {
        for (arguments, expected) in [
            (&["-u", "0"][..], "at least 1"),
            (&["-u", "-5"], "at least 1"),
            (&["-r", "-1"], "above 0"),
            (&["-r", "nan"], "above 0"),
            (&["-r", "inf"], "unlimited"),
            (&["-t", "5x"], "unknown unit `x`"),
            (&["-t", "-5"], "write for example"),
            (&["--user", "5", "--userz"], "'--users'"),
            (&["--loglevel", "LOUD"], "DEBUG, INFO"),
            (&["--seed", "-1"], "from 0 to"),
            (&["--exit-code-on-error", "300"], "from 0 to 255"),
            (&["--exit-code-on-error", "-1"], "from 0 to 255"),
            (&["--stop-timeout", "-1s"], "write for example"),
            (&["--threads", "0"], "at least 1"),
            (&["--threads", "many"], "at least 1"),
            (&["--run-time", ""], "no time span given"),
            (&["--on-stop-timeout", "soon"], "no time span"),
            (&["--stop-timeout", "5 parsecs"], "unknown unit"),
            (&["--stop-concurrency", "0"], "at least 1"),
            (&["--stop-concurrency", "-3"], "at least 1"),
            (&["--spawn-rate", "0"], "above 0"),
            (&["--seed", "x"], "from 0 to"),
            (&["--config-users"], "--config-users <JSON>"),
            (&["--host"], "--host <URL>"),
            (&["-u", "1e3"], "whole number"),
            (&["--iterations", "0"], "task runs, at least 1"),
            (&["--iterations", "-3"], "task runs, at least 1"),
            (&["--iterations", "ten"], "whole number of task runs"),
            (&["--iterations", "1.5"], "whole number of task runs"),
            (&["--iterations", "18446744073709551616"], "whole number of task runs"),
            (&["--iterations-per-user", "0"], "task runs, at least 1"),
            (&["--iterations-per-user", "-1"], "task runs, at least 1"),
            (&["--debug-user"], "a value is required for '--debug-user <USER_CLASS>'"),
            (&["--debug-secrets"], "--debug-user <USER_CLASS>"),
            (&["-c", "5"], "there is no -c as in Locust: write --users"),
            (&["--processes=4"], "--threads says how many"),
            (&["-f", "shop.py"], "this program is the locustfile"),
            (&["--class-picker"], "there is no --class-picker as in Locust: the form"),
            (&["--web-login"], "write --web-auth user:password"),
            (&["--worker"], "one process uses all cores"),
        ] {
            let line = refused(arguments);
            assert!(line.contains(expected) && !line.contains('\n'), "{arguments:?}: {line}");
        }
        assert_eq!(refused(&["--colour"]), "unexpected argument '--colour' found");
    }
}
