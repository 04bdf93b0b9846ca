//! The clients that are compared, and how one run of each is measured.

use std::time::Duration;

use crate::child;
use crate::figures::{Figures, Told};
use crate::outputs;
use crate::process::{self, Finished};
use crate::server::Server;
use crate::tools::Tools;

/// One of the clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Writes and reads, nothing else: the limit of the server.
    Bare,
    /// wrk.
    Wrk,
    /// Our scripted user.
    Ours,
    /// Our scripted user, without keeping bodies.
    OursDiscarding,
    /// oha.
    Oha,
    /// A loop over one shared `reqwest::Client`.
    Reqwest,
    /// A Goose load test.
    Goose,
    /// Locust's `HttpUser`.
    LocustHttp,
    /// Locust's `FastHttpUser`.
    LocustFast,
}

/// What a client is to do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Users, or connections.
    pub users: u64,
    /// For how long.
    pub seconds: u64,
    /// Requests per second of all users together; `None` for as many as can be. For [`Client::Ours`] and
    /// [`Client::Oha`] alone.
    pub per_second: Option<u64>,
}

/// What starting and ending may take beyond the time of the load: Goose makes 2,000 clients in some seconds.
const GRACE: Duration = Duration::from_secs(60);

/// Reads what a client printed.
type Read = fn(&str) -> Result<Told, String>;

impl Client {
    /// As the tables say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare client (the server's limit)",
            Self::Wrk => "wrk",
            Self::Ours => "**loadtest**",
            Self::OursDiscarding => "**loadtest**, `discard_body()`",
            Self::Oha => "oha",
            Self::Reqwest => "reqwest, a bare loop",
            Self::Goose => "Goose",
            Self::LocustHttp => "Locust `HttpUser`",
            Self::LocustFast => "Locust `FastHttpUser`",
        }
    }

    /// One run.
    ///
    /// # Errors
    /// When the client is not there, fails, or had failed requests.
    pub fn measure(self, tools: &Tools, server: &Server, load: &Load) -> Result<Figures, String> {
        let before = server.cpu_seconds();
        let (told, finished) = self.run(tools, server.url(), load)?;
        if told.requests < 1.0 {
            return Err("no requests".to_owned());
        }
        let server = (server.cpu_seconds() - before) / finished.took.as_secs_f64();
        Ok(Figures::new(&told, finished.cpu_seconds, server))
    }

    fn run(self, tools: &Tools, url: &str, load: &Load) -> Result<(Told, Finished), String> {
        let page = format!("{url}/things/17");
        let (users, seconds) = (load.users.to_string(), load.seconds.to_string());
        let time = format!("{seconds}s");
        let limit = Duration::from_secs(load.seconds) + GRACE;
        let start = |program: &str, arguments: &[&str]| process::on_client_core(program, arguments, &[], limit);
        let ours = |what: &str| child::run(&format!("{what} {url} {users} {seconds}"), limit);
        let (finished, read): (Finished, Read) = match self {
            Self::Bare => (ours("bare")?, outputs::line),
            Self::OursDiscarding => (ours("discarding")?, outputs::line),
            Self::Ours => match load.per_second {
                None => (ours("rate")?, outputs::line),
                Some(rate) => (child::run(&format!("paced {url} {users} {seconds} {rate}"), limit)?, outputs::line),
            },
            Self::Wrk => {
                let connections = format!("-c{users}");
                let arguments = ["-t1", &connections, &format!("-d{time}"), "--latency", &page];
                (start(&tools.wrk.as_ref()?.program, &arguments)?, outputs::wrk)
            }
            Self::Oha => {
                let rate = load.per_second.map(|rate| rate.to_string());
                let mut arguments =
                    vec!["--no-tui", "--output-format", "json", "--insecure", "-c", &users, "-z", &time];
                arguments.extend(rate.as_deref().into_iter().flat_map(|rate| ["-q", rate]));
                arguments.push(&page);
                (start(&tools.oha.as_ref()?.program, &arguments)?, outputs::oha)
            }
            Self::Reqwest => {
                let arguments = ["rate", url, &users, &seconds, "shared"];
                (start(&tools.reqwest.as_ref()?.program, &arguments)?, outputs::line)
            }
            Self::Goose => (start(&tools.goose.as_ref()?.program, &["rate", url, &users, &seconds])?, outputs::line),
            Self::LocustHttp | Self::LocustFast => {
                let class = if self == Self::LocustHttp { "Http" } else { "Fast" };
                let locust = tools.locust.as_ref()?;
                // The first second is for its users to come up; it is not in the figures.
                let time = format!("{}s", load.seconds + 1);
                let mut arguments = vec!["-f", &locust.file, "--headless", "--json", "--only-summary", "--reset-stats"];
                arguments.extend(["--skip-log-setup", "--exit-code-on-error", "0", "--host", url]);
                arguments.extend(["-u", &users, "-r", &users, "-t", &time, class]);
                (start(&locust.program, &arguments)?, outputs::locust)
            }
        };
        Ok((read(&finished.stdout)?, finished))
    }
}
