//! `--tui`, and where it makes no sense.

use std::io::{self, IsTerminal};

use clap::Args;

use super::values::yes_or_no;
use crate::error::InputError;

/// The flag for it: always there, so that one who asks for it learns which feature it takes.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct TuiFlag {
    /// Show the run on the whole terminal, with charts, tables and keys to steer it (? lists them)
    #[arg(long, env = "LOADTEST_TUI", value_parser = yes_or_no)]
    pub(super) tui: bool,
}

impl TuiFlag {
    /// Makes sure that there is a terminal for it, and that nothing `else` was asked for that wants another screen or none:
    /// flags, and whether they were given.
    ///
    /// # Errors
    /// When it cannot be, with what to do instead.
    pub(super) fn check<'a>(&self, others: impl IntoIterator<Item = (&'a str, bool)>) -> Result<(), InputError> {
        if !self.tui {
            return Ok(());
        }
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let terminal = io::stdout().is_terminal() && !dumb;
        let other = others.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag);
        refusal(cfg!(feature = "tui"), other, terminal).map_or(Ok(()), |why| Err(InputError::new(why)))
    }
}

fn refusal(built: bool, other: Option<&str>, terminal: bool) -> Option<String> {
    if !built {
        return Some(
            "--tui: this program was built without the terminal UI: add the feature `tui` of loadtest-rs in its Cargo.toml, \
             and build it again"
                .to_owned(),
        );
    }
    if let Some(other) = other {
        return Some(format!("--tui shows the run on the whole terminal, and {other} does not: leave one of them out"));
    }
    (!terminal)
        .then(|| "--tui needs a terminal, and stdout is none: leave it out, and lines of text are written".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_says_what_to_do() {
        assert_eq!(refusal(true, None, true), None);
        for (refused, expected) in [
            (refusal(false, Some("--json"), false), "the feature `tui` of loadtest-rs"),
            (refusal(true, Some("--json"), true), "--json does not: leave one of them out"),
            (refusal(true, None, false), "needs a terminal, and stdout is none"),
        ] {
            assert!(refused.as_ref().is_some_and(|text| text.contains(expected)), "{refused:?}");
        }
    }

    #[test]
    fn nothing_is_refused_that_was_not_asked_for() {
        assert!(TuiFlag { tui: false }.check([("--json", true)]).is_ok());
        assert!(TuiFlag { tui: true }.check([("--headless", false), ("--json", true)]).is_err());
    }
}
