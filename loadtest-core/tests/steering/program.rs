//! The program that is steered: one class of users, a few options, and a web UI that reads stdin.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use loadtest_core::cli::{Defaults, main_with};
use loadtest_core::console::web::{ServedUi, WebError, WebSettings, WebUi};
use loadtest_core::console::{Ask, Console, Edit};
use loadtest_core::{
    Context, Exit, InputError, LoadTest, Scope, Secret, SetupContext, TaskInfo, TaskResult, Tasks, User, UserInit,
    Wait, clap, constant,
};

#[derive(Debug, Args)]
struct Options {
    /// Whose shop to visit
    #[arg(long, default_value = "green")]
    tenant: String,
    #[arg(long)]
    size: Option<u32>,
    #[arg(long, value_parser = key)]
    api_key: Option<Secret>,
    #[arg(long)]
    eager: bool,
    #[arg(long)]
    hangs: bool,
}

fn key(text: &str) -> Result<Secret, String> {
    if text == "wrong" { Err("it opens nothing".to_owned()) } else { Ok(Secret::new(text)) }
}

struct Visitor(Context);

impl Tasks for Visitor {
    const TASKS: &'static [TaskInfo] = &[TaskInfo::new("visit", 1)];
    type Shared = ();

    async fn setup(cx: &SetupContext) -> Result<(), Exit> {
        if let Some(options) = cx.options::<Options>() {
            let key = options.api_key.as_ref().map(Secret::reveal).unwrap_or_default();
            tell(&format!("told {} {key} {}", options.tenant, options.eager));
        }
        Ok(())
    }

    async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
        self.0.measure("GET", "/", async { Ok::<_, std::io::Error>(()) }).await?;
        Ok(())
    }

    async fn on_stop(&mut self) -> TaskResult {
        if self.0.options::<Options>().is_some_and(|options| options.hangs) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

impl User for Visitor {
    const NAME: &'static str = "Visitor";

    fn wait_time(&self) -> Wait {
        constant(Duration::from_millis(10))
    }

    fn create(init: &UserInit<'_, ()>) -> Result<Self, Exit> {
        Ok(Self(init.context()))
    }
}

pub(crate) fn main() -> ExitCode {
    let test = LoadTest::new().user::<Visitor>().users(2).spawn_rate(f64::INFINITY).threads(1);
    main_with(test, Defaults::new().options::<Options>(), Some(&Lines))
}

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A web UI without a web: each line of stdin is a request.
struct Lines;

struct Url(String);

impl ServedUi for Url {
    fn url(&self) -> &str {
        &self.0
    }
}

impl WebUi for Lines {
    fn serve(&self, settings: WebSettings, console: Console) -> Result<Box<dyn ServedUi>, WebError> {
        if settings.port == 1 {
            return Err(WebError::PortTaken("port 1 is taken".to_owned()));
        }
        if settings.host == "bad" {
            return Err(WebError::Input(InputError::new("--web-host: no such address")));
        }
        let url = Box::new(Url(format!("http://test:{}/", settings.port)));
        let seen = console.clone();
        std::thread::spawn(move || tell_changes(&seen));
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                match line.strip_prefix("whisper ") {
                    Some(secret) => settings.say.line(secret),
                    None => obey(&console, &line),
                }
            }
        });
        Ok(url)
    }
}

/// States and users, as they change.
fn tell_changes(console: &Console) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    let mut views = console.watch();
    runtime.block_on(async {
        let (mut state, mut users) = (String::new(), u64::MAX);
        while views.changed().await.is_ok() {
            let view = std::sync::Arc::clone(&views.borrow_and_update());
            let now = format!("state {} {}", view.state.as_str(), view.run);
            if now != state {
                tell(&now);
                state = now;
            }
            if view.snapshot.users.alive != users {
                users = view.snapshot.users.alive;
                tell(&format!("users {users}"));
            }
        }
    });
}

fn obey(console: &Console, line: &str) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let done = match word {
        "start" => console.start(&asked(rest)).map(drop),
        "stop" => console.stop(),
        "edit" => console.edit(&Edit { users: rest.parse().ok(), spawn_rate: None }),
        "quit" => {
            console.quit();
            Ok(())
        }
        "offer" => {
            for option in &console.offer().options {
                tell(&format!("option {} [{}]", option.name, option.default.join(" ")));
            }
            Ok(())
        }
        "logs" => {
            for line in console.logs(0) {
                tell(&format!("line {} {}", line.level, line.text));
            }
            Ok(())
        }
        _ => return tell(&format!("what is {word}?")),
    };
    if let Err(refused) = done {
        let field = refused.field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default();
        tell(&format!("refused: {field}{refused}"));
    }
}

fn asked(line: &str) -> Ask {
    let mut ask = Ask::default();
    let mut options = BTreeMap::new();
    for (name, value) in line.split(' ').filter_map(|pair| pair.split_once('=')) {
        match name {
            "users" => ask.users = value.parse().ok(),
            "thresholds" => ask.thresholds = Some(vec![value.to_owned()]),
            name => drop(options.insert(name.to_owned(), vec![value.to_owned()])),
        }
    }
    Ask { options, ..ask }
}
