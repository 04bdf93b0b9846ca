//! A test's own options on the command line, beside our flags.

use std::any::TypeId;
use std::collections::HashMap;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches};

use super::flags::Flags;
use crate::error::InputError;
use crate::options::{RunOptions, Shown};
use crate::secret::{MASK, Secret};

const HEADING: &str = "Options of this test";

/// A struct of options with its type hidden.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnOptions {
    augment: fn(Command) -> Command,
    read: fn(&ArgMatches, Shown) -> Result<RunOptions, clap::Error>,
}

impl OwnOptions {
    pub(super) fn of<O: Args + Send + Sync + 'static>() -> Self {
        Self {
            augment: O::augment_args,
            read: |matches, shown| Ok(RunOptions::new(O::from_arg_matches(matches)?, shown)),
        }
    }

    pub(super) fn arguments(self) -> Command {
        (self.augment)(Command::new("options").next_help_heading(HEADING))
    }
}

/// Our flags and the test's own options.
///
/// # Errors
/// When the two cannot stand side by side. clap looks for that in debug builds alone, and panics.
pub(super) fn command(own: Option<OwnOptions>) -> Result<Command, InputError> {
    let flags = Flags::command();
    let Some(own) = own else { return Ok(flags) };
    let own = own.arguments();
    look_for_clashes(&flags, &own)?;
    // One by one: a struct of options may also say something of its command, such as a text for its help.
    let arguments = own.get_arguments().cloned().map(|argument| {
        if is_secret(&argument) { argument.hide_env_values(true).hide_default_value(true) } else { argument }
    });
    Ok(flags.args(arguments).groups(own.get_groups().cloned()))
}

/// Reads the command line: the flags, and the test's own options where it has some.
///
/// # Errors
/// When something is missing or wrong, or help is asked for.
pub(super) fn parse(
    command: &Command,
    own: Option<OwnOptions>,
    arguments: &[OsString],
) -> Result<(Flags, Option<RunOptions>), clap::Error> {
    let matches = match command.clone().try_get_matches_from(arguments) {
        // Whoever asks what classes there are need not give what a run of them needs.
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => {
            let flags = command.clone().ignore_errors(true).try_get_matches_from(arguments);
            let flags = flags.and_then(|matches| Flags::from_arg_matches(&matches));
            return flags.ok().filter(|flags| flags.list).map(|flags| (flags, None)).ok_or(error);
        }
        matches => matches?,
    };
    let flags = Flags::from_arg_matches(&matches)?;
    let options = own.map(|own| read(own, &matches)).transpose()?;
    Ok((flags, options))
}

/// The values of the test's own options.
pub(super) fn read(own: OwnOptions, matches: &ArgMatches) -> Result<RunOptions, clap::Error> {
    let shown = own.arguments().get_arguments().filter_map(|argument| shown(argument, matches)).collect();
    (own.read)(matches, shown)
}

/// Whether the value of an option must not be shown: it is a [`Secret`], or marked with `hide_env_values = true`.
pub(super) fn is_secret(argument: &Arg) -> bool {
    argument.is_hide_env_values_set() || argument.get_value_parser().type_id() == TypeId::of::<Secret>()
}

/// An option's name and its value, if it has one.
fn shown(argument: &Arg, matches: &ArgMatches) -> Option<(String, String)> {
    let id = argument.get_id().as_str();
    let values: Vec<_> = matches.get_raw(id)?.map(|value| value.to_string_lossy()).collect();
    let value = if is_secret(argument) { MASK.to_owned() } else { values.join(" ") };
    let value = value.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    Some((argument.get_long().unwrap_or(id).to_owned(), value))
}

/// The words by which an argument is given, as a person writes them.
fn words(argument: &Arg) -> impl Iterator<Item = String> {
    let longs = argument.get_long().into_iter().chain(argument.get_all_aliases().unwrap_or_default());
    let shorts = argument.get_short().into_iter().chain(argument.get_all_short_aliases().unwrap_or_default());
    let variable = argument.get_env().map(|variable| format!("the variable {}", variable.to_string_lossy()));
    let longs: Vec<_> = longs.map(|long| format!("--{long}")).collect();
    longs.into_iter().chain(shorts.map(|short| format!("-{short}"))).chain(variable)
}

fn look_for_clashes(flags: &Command, own: &Command) -> Result<(), InputError> {
    if own.has_subcommands() {
        return Err(InputError::new("options of this test: subcommands are not possible beside the flags of loadtest"));
    }
    // clap adds these two when it has all others.
    let built_in = ["--help", "-h", "--version", "-V"].map(str::to_owned);
    let of_flags = flags.get_arguments().flat_map(words);
    let mut taken: HashMap<String, &str> = of_flags.chain(built_in).map(|word| (word, "loadtest")).collect();
    let mut ids: HashMap<&str, &str> = flags.get_arguments().map(|flag| (flag.get_id().as_str(), "loadtest")).collect();
    ids.extend([("help", "loadtest"), ("version", "loadtest")]);
    for argument in own.get_arguments() {
        let id = argument.get_id().as_str();
        if argument.is_positional() {
            return Err(InputError::new(format!(
                "option {id} of this test has no flag, and the words without one are user classes; \
                 give it one with #[arg(long)]"
            )));
        }
        for word in words(argument) {
            if let Some(whose) = taken.insert(word.clone(), "this test") {
                return Err(InputError::new(format!(
                    "option {id} of this test: {word} is taken by an option of {whose}; give it another one in #[arg(…)]"
                )));
            }
        }
        if let Some(whose) = ids.insert(id, "this test") {
            return Err(InputError::new(format!(
                "option {id} of this test: an option of {whose} has a field of that name; call it another, as my_{id}"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::explain::error_line;

    /// Said of the options, not of the command.
    #[derive(Debug, Args)]
    struct Options {
        /// Whose shop to visit
        #[arg(long, short = 'y', default_value = "blue", env = "SHOP_TENANT")]
        tenant: String,
        /// Opens it
        #[arg(long)]
        api_key: Option<Secret>,
        /// Also opens it
        #[arg(long, env = "SHOP_PIN", hide_env_values = true, default_value_t = 1234)]
        pin: u32,
        #[arg(long)]
        eager: bool,
        #[arg(long, action = clap::ArgAction::Count)]
        more: u8,
        #[arg(long)]
        colour: Vec<String>,
    }

    fn line<O: Args + Send + Sync + 'static>(arguments: &[&str]) -> Result<(Flags, Option<RunOptions>), String> {
        let own = Some(OwnOptions::of::<O>());
        let command = command(own).unwrap();
        let arguments: Vec<OsString> = ["test"].iter().chain(arguments).map(Into::into).collect();
        parse(&command, own, &arguments).map_err(|error| error_line(&error, &command))
    }

    fn parsed(arguments: &[&str]) -> RunOptions {
        line::<Options>(arguments).unwrap().1.expect("options")
    }

    #[derive(Debug, Args)]
    struct Required {
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        api_key: Secret,
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_without_secrets() {
        let refused = |arguments: &[&str]| line::<Required>(arguments).map(|_| ()).unwrap_err();
        let error = refused(&["--tenant", "red"]);
        assert!(error.contains("were not provided: --api-key <API_KEY>"), "{error}");
        let error = refused(&["--tenant", "red", "--api-key"]);
        assert!(error.contains("a value is required for '--api-key <API_KEY>'"), "{error}");
        let given = line::<Required>(&["--tenant", "red", "--api-key", "hunter2"]).unwrap().1.unwrap();
        assert_eq!(given.get::<Required>().map(|required| required.tenant.clone()).as_deref(), Some("red"));
        assert!(line::<Required>(&["--list"]).unwrap().0.list, "the classes can be listed without");
        let refused = |arguments: &[&str]| line::<Options>(arguments).map(|_| ()).unwrap_err();
        for arguments in [&["--pin", "hunter2"], &["-u=3", "--pin=hunter2"]] {
            let error = refused(arguments);
            assert_eq!(error, "invalid value for '--pin <PIN>', which is not shown because it is secret");
        }
        assert!(refused(&["--config-users"]).contains("a value is required for '--config-users <JSON>'"));
    }

    fn pairs(options: &RunOptions) -> Vec<(&str, &str)> {
        options.shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    #[test]
    fn own_options_are_read_and_shown_without_secrets() {
        let options = parsed(&["-u", "5", "--tenant", "re\nd", "--api-key", "hunter2", "--eager", "--more", "--more"]);
        let typed = options.get::<Options>().unwrap();
        assert_eq!((typed.tenant.as_str(), typed.pin, typed.eager, typed.more), ("re\nd", 1234, true, 2));
        assert_eq!(typed.api_key.as_ref().map(Secret::reveal), Some("hunter2"));
        assert_eq!(
            pairs(&options),
            [("tenant", "re d"), ("api-key", "***"), ("pin", "***"), ("eager", "true"), ("more", "2")]
        );
        assert!(options.get::<u8>().is_none());
        let options = parsed(&["--colour", "red", "--colour", "blue"]);
        assert_eq!(
            pairs(&options),
            [("tenant", "blue"), ("pin", "***"), ("eager", "false"), ("more", "0"), ("colour", "red blue")]
        );
    }

    #[test]
    fn the_help_has_both_and_no_secret() {
        let mut command = command(Some(OwnOptions::of::<Options>())).unwrap();
        command.clone().debug_assert();
        let help = command.render_long_help().to_string();
        let own = help.find("Options of this test:").expect("a heading of their own");
        assert!(help.find("--users").unwrap() < own && own < help.find("--tenant").unwrap(), "{help}");
        assert!(help.starts_with("A load test") && help.contains("Exit codes"), "{help}");
        assert!(!help.contains("Said of the options") && !help.contains("1234"), "{help}");
        assert!(help.contains("[default: blue]") && help.contains("[env: SHOP_PIN"), "{help}");
    }

    #[test]
    fn what_cannot_stand_beside_our_flags_is_said() {
        macro_rules! refused {
            ($(#[$attr:meta])* $name:ident) => {{
                #[derive(Args)]
                #[allow(dead_code, reason = "only its arguments count")]
                struct Flags {
                    $(#[$attr])*
                    $name: String,
                }
                command(Some(OwnOptions::of::<Flags>())).map(|_| ()).unwrap_err().to_string()
            }};
        }
        for (error, expected) in [
            (
                refused!(
                    #[arg(long)]
                    users
                ),
                "option users of this test: --users is taken by an option of loadtest",
            ),
            (
                refused!(
                    #[arg(long = "shop")]
                    host
                ),
                "an option of loadtest has a field of that name; call it another, as my_host",
            ),
            (
                refused!(
                    #[arg(short = 'u')]
                    shop
                ),
                "-u is taken by an option of loadtest",
            ),
            (
                refused!(
                    #[arg(long, short = 'h')]
                    shop
                ),
                "-h is taken",
            ),
            (
                refused!(
                    #[arg(long = "version")]
                    shop
                ),
                "--version is taken",
            ),
            (
                refused!(
                    #[arg(long, alias = "seed")]
                    shop
                ),
                "--seed is taken",
            ),
            (
                refused!(
                    #[arg(long, env = "LOADTEST_HOST")]
                    shop
                ),
                "the variable LOADTEST_HOST is taken",
            ),
            (refused!(shop), "option shop of this test has no flag"),
        ] {
            assert!(error.contains(expected) && !error.contains('\n'), "{error}");
        }
        #[derive(Args)]
        #[allow(dead_code, reason = "only its arguments count")]
        struct Twice {
            #[arg(long)]
            shop: String,
            #[arg(long = "shop")]
            other: String,
        }
        let error = command(Some(OwnOptions::of::<Twice>())).unwrap_err().to_string();
        assert!(error.contains("option other of this test: --shop is taken by an option of this test"), "{error}");
    }
}
