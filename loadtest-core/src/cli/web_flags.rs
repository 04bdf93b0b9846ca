//! The web UI on the command line: whether a run waits in it, and where it is served.

use std::path::PathBuf;

use clap::Args;

use super::defaults::Defaults;
use super::values::{port, seconds, yes_or_no};
use crate::console::web::WebSettings;
use crate::error::InputError;
use crate::secret::Secret;

/// The flags of it, with Locust's names where the thing is the same.
#[derive(Debug, Args)]
#[group(skip)]
pub(super) struct WebFlags {
    /// Run without the web UI: start at once, and end with the run
    #[arg(long, env = "LOADTEST_HEADLESS", value_name = "BOOL", value_parser = yes_or_no)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    headless: Option<bool>,

    /// Start at once instead of waiting in the web UI
    #[arg(long, env = "LOADTEST_AUTOSTART", value_name = "BOOL", value_parser = yes_or_no)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    autostart: Option<bool>,

    /// End so many seconds after the end of a run that --autostart has started; without it the web UI stays
    #[arg(long, env = "LOADTEST_AUTOQUIT", value_name = "SECONDS", value_parser = seconds, allow_hyphen_values = true)]
    autoquit: Option<u64>,

    /// Serve the web UI on this address [default: 127.0.0.1]
    #[arg(long, env = "LOADTEST_WEB_HOST", value_name = "ADDRESS")]
    web_host: Option<String>,

    /// Serve the web UI on this port, 0 on any that is free [default: 8089]
    #[arg(short = 'P', long, env = "LOADTEST_WEB_PORT", value_name = "PORT", value_parser = port, allow_hyphen_values = true)]
    web_port: Option<u16>,

    /// What stands before every path of the web UI, such as /loadtest
    #[arg(long, env = "LOADTEST_WEB_BASE_PATH", value_name = "PATH")]
    web_base_path: Option<String>,

    /// Serve the web UI by HTTPS, with the certificates in this PEM file, which may hold the key too
    #[arg(long, env = "LOADTEST_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert, in PEM
    #[arg(long, env = "LOADTEST_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Let only this user into the web UI, with this password
    #[arg(long, env = "LOADTEST_WEB_AUTH", value_name = "USER:PASSWORD", hide_env_values = true)]
    web_auth: Option<Secret>,
}

/// When runs start, and when the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// One run, at once; the program ends with it.
    Headless,
    /// Runs start when somebody asks for them, until somebody asks for the end.
    Waits,
    /// A run starts at once. So many seconds after its end the program ends; without a number as when it waits.
    Starts { autoquit: Option<u64> },
}

impl WebFlags {
    /// When runs start, and when the program ends; `can_wait` where there is a web UI, and something to do in it.
    ///
    /// # Errors
    /// When it is asked for the end of what nothing starts, or for settings of a web UI that there is not.
    pub(super) fn course(&self, defaults: &Defaults, has_web: bool, can_wait: bool) -> Result<Course, InputError> {
        let headless = self.headless.unwrap_or(defaults.headless);
        self.check_given(has_web || headless)?;
        if headless || !has_web || !can_wait {
            return Ok(Course::Headless);
        }
        match (self.autostart.unwrap_or(defaults.autostart), self.autoquit) {
            (true, autoquit) => Ok(Course::Starts { autoquit: autoquit.or(defaults.autoquit) }),
            (false, None) => Ok(Course::Waits),
            (false, Some(_)) => {
                Err(InputError::new("--autoquit ends what --autostart has started: write both, or leave it out"))
            }
        }
    }

    /// The same with the terminal UI: a run starts at once, unless it is told not to, and the end is waited for there. A test
    /// that ends by itself does so there too.
    ///
    /// # Errors
    /// When settings of a web UI are given that there is not.
    pub(super) fn course_of_tui(&self, defaults: &Defaults, has_web: bool) -> Result<Course, InputError> {
        self.check_given(has_web)?;
        if self.autostart == Some(false) && self.autoquit.is_none() {
            return Ok(Course::Waits);
        }
        let by_itself = defaults.autoquit.filter(|_| defaults.autostart);
        Ok(Course::Starts { autoquit: self.autoquit.or(by_itself) })
    }

    pub(super) fn is_headless(&self) -> bool {
        self.headless == Some(true)
    }

    fn check_given(&self, is_known: bool) -> Result<(), InputError> {
        match self.given().filter(|_| !is_known) {
            Some(flag) => Err(InputError::new(format!(
                "{flag}: this program has no web UI: build loadtest with its feature `web`, or leave the flag out"
            ))),
            None => Ok(()),
        }
    }

    /// A flag that says something of the web UI, if one is given.
    fn given(&self) -> Option<&'static str> {
        let text = |value: &Option<String>| value.as_ref().is_some_and(|value| !value.is_empty());
        let given = [
            ("--web-host", text(&self.web_host)),
            ("--web-port", self.web_port.is_some()),
            ("--web-base-path", text(&self.web_base_path)),
            ("--tls-cert", self.tls_cert.is_some()),
            ("--tls-key", self.tls_key.is_some()),
            ("--web-auth", self.web_auth.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }

    /// Where and how to serve.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub(super) fn settings(&self) -> Result<WebSettings, InputError> {
        let text = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        let mut settings = WebSettings::default();
        settings.host = text(&self.web_host).unwrap_or(settings.host);
        settings.port = self.web_port.unwrap_or(settings.port);
        if let Some(path) = text(&self.web_base_path) {
            settings.base_path = base_path(&path)?;
        }
        (settings.tls_cert, settings.tls_key) = (self.tls_cert.clone(), self.tls_key.clone());
        settings.auth = self.web_auth.as_ref().map(auth).transpose()?;
        Ok(settings)
    }
}

/// With a slash before it and none behind it.
fn base_path(path: &str) -> Result<String, InputError> {
    let inside = path.trim_matches('/');
    let fits = |char: char| char.is_ascii_alphanumeric() || "/-._~".contains(char);
    if !inside.chars().all(fits) || inside.split('/').any(|part| matches!(part, "." | "..")) || inside.contains("//") {
        let error =
            format!("--web-base-path: {path} is no path: write letters, digits and slashes, as /tools/loadtest");
        return Err(InputError::new(error));
    }
    Ok(if inside.is_empty() { String::new() } else { format!("/{inside}") })
}

/// A user name and a password. What was given is not in the error.
fn auth(given: &Secret) -> Result<(String, Secret), InputError> {
    match given.reveal().split_once(':') {
        Some((user, password)) if !user.is_empty() && !password.is_empty() => {
            Ok((user.to_owned(), Secret::new(password)))
        }
        _ => Err(InputError::new(
            "--web-auth: write a user name and a password with a colon between them, as ann:secret",
        )),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        web: WebFlags,
    }

    fn flags(arguments: &[&str]) -> WebFlags {
        Line::try_parse_from(["test"].iter().chain(arguments)).expect("flags").web
    }

    fn course(arguments: &[&str], defaults: &Defaults) -> Result<Course, String> {
        flags(arguments).course(defaults, true, true).map_err(|error| error.to_string())
    }

    #[test]
    fn flags_win_over_the_code_also_with_a_no() {
        let none = Defaults::new();
        assert_eq!(course(&[], &none), Ok(Course::Waits));
        assert_eq!(course(&["--headless"], &none), Ok(Course::Headless));
        assert_eq!(course(&["--autostart"], &none), Ok(Course::Starts { autoquit: None }));
        assert_eq!(course(&["--autostart", "--autoquit", "5"], &none), Ok(Course::Starts { autoquit: Some(5) }));
        assert_eq!(course(&["--headless", "--autoquit", "5"], &none), Ok(Course::Headless));
        assert!(course(&["--autoquit", "5"], &none).is_err_and(|error| error.contains("--autostart")));
        let example = Defaults::new().autostart(true).autoquit(0);
        assert_eq!(course(&[], &example), Ok(Course::Starts { autoquit: Some(0) }));
        assert_eq!(course(&["--autoquit", "9"], &example), Ok(Course::Starts { autoquit: Some(9) }));
        assert_eq!(course(&["--autostart=false"], &example), Ok(Course::Waits));
        assert_eq!(course(&["--headless=false"], &Defaults::new().headless(true)), Ok(Course::Waits));
    }

    #[test]
    fn without_a_web_ui_runs_start_at_once_and_its_flags_are_refused() {
        let without = |arguments: &[&str]| flags(arguments).course(&Defaults::new(), false, true);
        assert_eq!(without(&[]), Ok(Course::Headless));
        assert_eq!(without(&["--autostart", "--autoquit", "1"]), Ok(Course::Headless));
        assert_eq!(without(&["--headless", "--web-port", "0"]), Ok(Course::Headless));
        for flag in ["--web-host", "--web-port", "--web-base-path", "--tls-cert", "--web-auth"] {
            let value = if flag == "--web-port" { "1" } else { "a:b" };
            let error = without(&[flag, value]).expect_err("refused").to_string();
            assert!(error.starts_with(flag) && error.contains("feature `web`"), "{error}");
        }
        let one_user = flags(&["--web-port", "0"]).course(&Defaults::new(), true, false);
        assert_eq!(one_user, Ok(Course::Headless), "nobody waits for a single user");
    }

    #[test]
    fn the_terminal_ui_waits_at_the_end_unless_the_test_ends_by_itself() {
        let tui = |arguments: &[&str], defaults: Defaults| flags(arguments).course_of_tui(&defaults, false);
        assert_eq!(tui(&[], Defaults::new()), Ok(Course::Starts { autoquit: None }));
        assert_eq!(tui(&["--autoquit", "3"], Defaults::new()), Ok(Course::Starts { autoquit: Some(3) }));
        assert_eq!(tui(&[], Defaults::new().autostart(true).autoquit(0)), Ok(Course::Starts { autoquit: Some(0) }));
        let example = Defaults::new().autostart(true).autoquit(0);
        assert_eq!(tui(&["--autostart=false"], example), Ok(Course::Waits), "Enter starts it");
        assert!(tui(&["--web-port", "0"], Defaults::new()).is_err());
    }

    #[test]
    fn settings_are_read_and_what_is_secret_stays_so() {
        let settings = flags(&[]).settings().expect("settings");
        assert_eq!((settings.host.as_str(), settings.port, settings.base_path.as_str()), ("127.0.0.1", 8089, ""));
        let given = ["--web-host", "::1", "-P", "0", "--web-base-path", "tools/load/", "--web-auth", "ann:a:b"];
        let settings = flags(&given).settings().expect("settings");
        assert_eq!((settings.host.as_str(), settings.port, settings.base_path.as_str()), ("::1", 0, "/tools/load"));
        let (user, password) = settings.auth.clone().expect("both");
        assert_eq!((user.as_str(), password.reveal()), ("ann", "a:b"));
        assert!(!format!("{settings:?} {:?}", flags(&given)).contains("a:b"));
        for wrong in ["hunter2", ":hunter2", "hunter2:"] {
            let error = flags(&["--web-auth", wrong]).settings().expect_err("refused").to_string();
            assert!(error.contains("with a colon between") && !error.contains("hunter2"), "{error}");
        }
        for wrong in ["/a b", "/../x", "/a//b", "/a?b"] {
            assert!(flags(&["--web-base-path", wrong]).settings().is_err(), "{wrong}");
        }
        for wrong in [["--web-port", "-1"], ["--web-port", "65536"], ["--web-port", "http"], ["--autoquit", "-1"]] {
            let error = Line::try_parse_from(["test"].iter().chain(&wrong)).expect_err("refused").to_string();
            assert!(error.contains("; ") || error.contains("give a"), "{error}");
        }
        for wrong in ["--autostart=maybe", "--headless=falsch"] {
            let error = Line::try_parse_from(["test", wrong]).expect_err("refused").to_string();
            assert!(error.contains("give true or false"), "{error}");
        }
        assert_eq!(
            (flags(&["--headless="]).headless, flags(&["--autostart=YES"]).autostart),
            (Some(false), Some(true))
        );
    }
}
