//! The test's own options as they were given on the command line, and with other values for another run.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use super::explain;
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
            message: explain::error_line(&error, &command),
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
        ArgAction::Append => match argument.get_num_args().map_or(1, |number| number.min_values()) {
            0 | 1 => words.extend(values.iter().map(with)),
            // Each time it is given it takes so many.
            several => {
                for values in values.chunks(several) {
                    words.push(OsString::from(&word));
                    words.extend(values.iter().cloned());
                }
            }
        },
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

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::secret::Secret;

    #[derive(Debug, Args)]
    struct Options {
        /// Whose shop to visit
        #[arg(long, short = 'y', default_value = "green")]
        tenant: String,
        #[arg(long, env = "SHOP_SIZE_OF_THE_TEST")]
        size: Option<u32>,
        #[arg(long)]
        api_key: Option<Secret>,
        #[arg(long)]
        eager: bool,
        #[arg(long = "no-cart", action = ArgAction::SetFalse)]
        cart: bool,
        #[arg(long, action = ArgAction::Count)]
        more: u8,
        #[arg(long)]
        colour: Vec<String>,
        #[arg(long, num_args = 2)]
        between: Vec<u32>,
        #[arg(long, value_delimiter = ',', num_args = 1..)]
        ids: Vec<u32>,
        #[arg(long, value_parser = ["slow", "fast"], default_value = "slow")]
        pace: String,
        #[arg(short = 'x')]
        brief: Option<String>,
    }

    fn given(arguments: &[&str]) -> GivenOptions {
        let own = OwnOptions::of::<Options>();
        let command = options::command(Some(own)).unwrap();
        let arguments: Vec<OsString> = ["test"].iter().chain(arguments).map(Into::into).collect();
        GivenOptions::new(own, &command, &arguments)
    }

    type Asked<'a> = &'a [(&'a str, &'a [&'a str])];

    fn read(given: &GivenOptions, asked: Asked<'_>) -> Result<std::sync::Arc<Options>, Refused> {
        let words = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let asked = asked.iter().map(|(name, values)| ((*name).to_owned(), words(values))).collect();
        Ok(given.read(&asked)?.get::<Options>().unwrap())
    }

    const GIVEN: &[&str] = &[
        "--tenant",
        "red",
        "--api-key=-hunter2",
        "--eager",
        "--more",
        "--more",
        "--colour=a",
        "--colour",
        "b",
        "--between",
        "1",
        "2",
        "--ids",
        "3,4",
        "-x",
        "word",
    ];

    #[test]
    fn what_is_not_asked_for_is_as_it_was_given() {
        for (arguments, expected) in [
            (GIVEN, "red None -hunter2 true true 2 [a, b] [1, 2] [3, 4] slow word"),
            (&[][..], "green None  false true 0 [] [] [] slow "),
            (&["--no-cart", "--pace", "fast"], "green None  false false 0 [] [] [] fast "),
        ] {
            let o = read(&given(arguments), &[]).unwrap();
            let key = o.api_key.as_ref().map(Secret::reveal).unwrap_or_default();
            let lists = format!("[{}] {:?} {:?}", o.colour.join(", "), o.between, o.ids);
            let (tenant, size, brief) = (&o.tenant, o.size, o.brief.as_deref().unwrap_or_default());
            let found = format!("{tenant} {size:?} {key} {} {} {} {lists} {} {brief}", o.eager, o.cart, o.more, o.pace);
            assert_eq!(found, expected, "{arguments:?}");
        }
    }

    #[test]
    fn what_is_asked_for_wins_also_with_a_no() {
        let given = given(GIVEN);
        let asked: Asked<'_> = &[
            ("tenant", &["-blue"]),
            ("size", &["7"]),
            ("api-key", &["other"]),
            ("eager", &[]),
            ("no-cart", &["false"]),
            ("more", &["1"]),
            ("colour", &[]),
            ("between", &["5", "6"]),
            ("ids", &["8", "9"]),
            ("pace", &["fast"]),
        ];
        let o = read(&given, asked).unwrap();
        assert_eq!((o.tenant.as_str(), o.size, o.eager, o.cart, o.more), ("-blue", Some(7), false, false, 1));
        assert_eq!(
            (o.colour.len(), &o.between[..], &o.ids[..], o.pace.as_str()),
            (0, &[5, 6][..], &[8, 9][..], "fast")
        );
        assert_eq!(o.api_key.as_ref().map(Secret::reveal), Some("other"));
        let o = read(&given, &[("tenant", &[""]), ("size", &[""])]).unwrap();
        assert_eq!((o.tenant.as_str(), o.size), ("green", None), "nothing is the default of the code");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_name() {
        for (asked, field, why) in [
            (&[("tenannt", &["x"][..])][..], "options.tenannt", "there are: tenant, size"),
            (&[("size", &["many"])], "options.size", "invalid digit"),
            (&[("more", &["often"])], "options.more", "a whole number from 0 to 255"),
            (&[("pace", &["slower"])], "options.pace", "slow, fast"),
            (&[("tenant", &["a", "b"])], "options.tenant", "give one value"),
            (&[("between", &["5"])], "options.between", "2 values required"),
            (&[("users", &["5"])], "options.users", "no option `users`"),
        ] {
            let refused = read(&given(&[]), asked).map(|_| ()).unwrap_err();
            assert_eq!(refused.field.as_deref(), Some(field), "{refused:?}");
            assert!(refused.message.contains(why) && !refused.message.contains('\n'), "{refused:?}");
        }
    }

    #[test]
    fn what_is_offered_has_no_secret() {
        let offered = given(GIVEN).offered();
        let found = |name: &str| offered.iter().find(|option| option.name == name).unwrap();
        assert_eq!(
            (found("tenant").help.as_str(), &found("tenant").default[..]),
            ("Whose shop to visit", &["red".to_owned()][..])
        );
        assert!(found("api-key").secret && found("api-key").default.is_empty());
        assert!(found("eager").is_switch && found("eager").default == ["true"] && found("eager").choices.is_empty());
        assert!(found("colour").multiple && found("between").multiple && !found("tenant").multiple);
        assert_eq!(found("pace").choices, ["slow", "fast"]);
        assert!(!format!("{offered:?}").contains("hunter2"));
        assert!(given(&[]).offered().iter().all(|option| option.name != "eager" || option.default.is_empty()));
    }
}
