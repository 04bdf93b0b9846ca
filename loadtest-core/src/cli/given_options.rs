//! The test's own options as they were given on the command line, and with other values for another run.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use super::flags;
use super::options::{self, OwnOptions};
use crate::console::{OfferedOption, ReadOptions, Refused};
use crate::options::RunOptions;

/// What was given, and how to read it once more.
pub(super) struct GivenOptions {
    own: OwnOptions,
    /// By the long name: the values that were typed or set, or else the defaults of the code.
    given: BTreeMap<String, Vec<OsString>>,
}

impl GivenOptions {
    /// From a command line that can be read.
    pub(super) fn new(own: OwnOptions, command: &Command, arguments: &[OsString]) -> Self {
        let matches = command.clone().try_get_matches_from(arguments).ok();
        let values = |argument: &Arg| {
            let values = matches.as_ref()?.try_get_raw(argument.get_id().as_str()).ok()??;
            Some((name(argument), values.map(OsString::from).collect()))
        };
        Self { own, given: own.arguments().get_arguments().filter_map(values).collect() }
    }

    /// Only what is given here counts: the variables of the environment have had their say.
    fn command(&self) -> Command {
        let own = self.own.arguments();
        let without_variables = own.get_arguments().cloned().map(|argument| {
            let argument = argument.env(Resettable::Reset);
            // There may be one among what was given.
            if options::is_secret(&argument) { argument.hide_env_values(true) } else { argument }
        });
        Command::new("options").disable_help_flag(true).args(without_variables).groups(own.get_groups().cloned())
    }
}

/// As people call it.
fn name(argument: &Arg) -> String {
    argument.get_long().unwrap_or(argument.get_id().as_str()).to_owned()
}

fn is_switch(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::SetTrue | ArgAction::SetFalse)
}

fn is_multiple(argument: &Arg) -> bool {
    let takes_several = argument.get_num_args().is_some_and(|number| number.max_values() > 1);
    matches!(argument.get_action(), ArgAction::Append) || takes_several
}

fn is_on(values: &[OsString]) -> bool {
    values.last().is_some_and(|value| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        !matches!(value.as_str(), "" | "0" | "f" | "false" | "n" | "no" | "off")
    })
}

impl ReadOptions for GivenOptions {
    fn offered(&self) -> Vec<OfferedOption> {
        let offered = |argument: &Arg| {
            let secret = options::is_secret(argument);
            let given = self.given.get(&name(argument)).filter(|_| !secret).map(Vec::as_slice).unwrap_or_default();
            let default = match argument.get_action() {
                ArgAction::SetTrue | ArgAction::SetFalse if !is_on(given) => Vec::new(),
                _ => given.iter().map(|value| value.to_string_lossy().into_owned()).collect(),
            };
            let choices = argument.get_possible_values().into_iter().filter(|value| !value.is_hide_set());
            let help = argument.get_help().or_else(|| argument.get_long_help());
            OfferedOption {
                name: name(argument),
                help: help.map(ToString::to_string).unwrap_or_default(),
                default,
                secret,
                required: argument.is_required_set() && !self.given.contains_key(&name(argument)),
                multiple: is_multiple(argument),
                is_switch: is_switch(argument),
                choices: match argument.get_action() {
                    ArgAction::Set | ArgAction::Append => choices.map(|value| value.get_name().to_owned()).collect(),
                    _ => Vec::new(),
                },
            }
        };
        self.own.arguments().get_arguments().map(offered).collect()
    }

    fn read(&self, asked: &BTreeMap<String, Vec<String>>) -> Result<RunOptions, Refused> {
        let command = self.command();
        let known: Vec<String> = command.get_arguments().map(name).collect();
        if let Some(unknown) = asked.keys().find(|name| !known.contains(name)) {
            let message = format!("this test has no option `{unknown}`; there are: {}", known.join(", "));
            return Err(Refused::field(format!("options.{unknown}"), message));
        }
        let mut words = vec![OsString::from("options")];
        for argument in command.get_arguments() {
            let name = name(argument);
            let values: Vec<OsString> = match asked.get(&name) {
                Some(values) if matches!(values.as_slice(), [only] if only.is_empty()) => Vec::new(),
                Some(values) => values.iter().map(OsString::from).collect(),
                None => self.given.get(&name).cloned().unwrap_or_default(),
            };
            write(argument, &values, &mut words)
                .map_err(|message| Refused::field(format!("options.{name}"), message))?;
        }
        let refused = |error: clap::Error| Refused {
            field: blamed(&error).map(|name| format!("options.{name}")),
            message: flags::error_line(&error, &command),
        };
        let matches = command.clone().try_get_matches_from(words).map_err(refused)?;
        options::read(self.own, &matches).map_err(refused)
    }
}

/// Writes an option with these values, as one would type it.
fn write(argument: &Arg, values: &[OsString], words: &mut Vec<OsString>) -> Result<(), String> {
    let word = match (argument.get_long(), argument.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => return Ok(()),
    };
    let with = |value: &OsString| {
        let mut text = OsString::from(format!("{word}="));
        text.push(value);
        text
    };
    match argument.get_action() {
        ArgAction::SetTrue if is_on(values) => words.push(word.into()),
        ArgAction::SetFalse if !is_on(values) => words.push(word.into()),
        ArgAction::SetTrue | ArgAction::SetFalse => {}
        ArgAction::Count => {
            let times = values.last().map_or(Ok(0), |value| value.to_string_lossy().parse::<u8>());
            let times = times.map_err(|_| "give how often it counts, a whole number from 0 to 255".to_owned())?;
            words.extend((0..times).map(|_| OsString::from(&word)));
        }
        ArgAction::Append => words.extend(values.iter().map(with)),
        _ => match (values, argument.get_value_delimiter()) {
            ([], _) => {}
            ([value], _) => words.push(with(value)),
            (values, Some(delimiter)) if is_multiple(argument) => {
                words.push(with(&values.join(&*OsString::from(delimiter.to_string()))));
            }
            (values, _) if is_multiple(argument) => {
                words.push(word.into());
                words.extend(values.iter().cloned());
            }
            _ => return Err("give one value".to_owned()),
        },
    }
    Ok(())
}

/// The option that is wrong or missing.
fn blamed(error: &clap::Error) -> Option<String> {
    let named = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(named) => named,
        ContextValue::Strings(named) => named.first()?,
        _ => return None,
    };
    let name = named.trim_start_matches('-').split([' ', '=']).next()?;
    Some(name.to_owned())
}
