//! What a person sees at a terminal: `--tui`, and keys while a run goes on. In tmux, which is a terminal that can be asked.
//!
//! The binary is its own child: with `TERMINAL_CHILD=1` it is a load test with these classes of users. Without tmux nothing of
//! this is tested; `cargo xtask test` installs it.

#[path = "process/nothing.rs"]
mod nothing;
#[path = "process/tmux.rs"]
mod tmux;

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use loadtest::prelude::*;
use nothing::users;
use tmux::Pane;

users! {
    Calling {
        #[task]
        async fn call(&mut self) -> TaskResult {
            self.cx.measure("CALL", "hello", std::future::ready(Ok::<_, std::io::Error>(()))).await?;
            Ok(())
        }
    }
    Panicking {
        #[task]
        async fn jump(&mut self) -> TaskResult {
            panic!("without a parachute");
        }
    }
    Letting {
        async fn on_start(&mut self) -> TaskResult {
            drop(tokio::task::spawn_local(async { panic!("nobody holds it") }));
            Ok(())
        }
        #[task]
        async fn call(&mut self) -> TaskResult {
            self.cx.measure("CALL", "hello", std::future::ready(Ok::<_, std::io::Error>(()))).await?;
            Ok(())
        }
    }
    Clinging {
        #[task]
        async fn rest(&mut self) {
            self.cx.wait(Duration::from_millis(1)).await;
        }
        async fn on_stop(&mut self) {
            std::future::pending().await
        }
    }
}

fn child() -> ExitCode {
    let test = LoadTest::new().user::<Calling>().user::<Panicking>().user::<Letting>().user::<Clinging>();
    #[cfg(feature = "web")]
    if std::env::args().any(|argument| argument == "--web-port") {
        return loadtest::cli::main_with(test, loadtest::cli::Defaults::new(), Some(&loadtest::web::Web));
    }
    loadtest::cli::main(test, loadtest::cli::Defaults::new())
}

/// A shell in a terminal of 80 columns and 24 lines, in which this program was started with these arguments.
fn started(arguments: &str) -> Result<Pane, Failed> {
    let pane = Pane::new(80, 24)?;
    let program = std::env::current_exe()?.display().to_string();
    pane.run(&format!("TERMINAL_CHILD=1 {program} {arguments}"))?;
    Ok(pane)
}

fn tui_shows_a_run_and_is_steered_by_keys() -> Result<(), Failed> {
    let pane = started("--tui Calling -u 3 -r unlimited --threads 1")?;
    pane.shows(&["running", "3 of 3 users", "CALL hello", "Aggregated", "Rate req/s", "? all keys"])?;
    pane.resize(130, 40)?;
    pane.shows(&["Users alive 3", "CALL hello"])?;
    pane.resize(30, 8)?;
    pane.shows(&["30x8 is too small"])?;
    pane.resize(80, 24)?;
    pane.keys(&["w"])?;
    pane.shows(&["4 of 4 users"])?;
    pane.keys(&["W", "s"])?;
    pane.shows(&["13 of 13 users"])?;
    pane.keys(&["S", "S"])?;
    pane.shows(&["0 of 0 users", "running"])?;
    pane.keys(&["w", "2", ">", "?"])?;
    pane.shows(&["1 of 1 users", "ok▼", "Keys", "Ctrl-L"])?;
    pane.keys(&["?", "Tab"])?;
    pane.shows(&["no failures and no exceptions"])?;
    pane.keys(&["1", "p"])?;
    pane.shows(&["paused"])?;
    pane.keys(&["p", "r"])?;
    pane.shows(&["figures count from here", "CALL hello"])?;
    pane.keys(&["q"])?;
    // It stays, so that one can look at it.
    pane.shows(&["stopped", "Enter starts again", "CALL hello"])?;
    pane.keys(&["Enter"])?;
    pane.shows(&["running", "3 of 3 users"])?;
    pane.keys(&["q"])?;
    pane.shows(&["stopped"])?;
    pane.keys(&["q"])?;
    pane.ended(0)?;
    pane.scrolled_by(&["CALL hello", "Aggregated", "Ran "])
}

fn tui_waits_for_enter_where_it_is_told_to() -> Result<(), Failed> {
    let pane = started("--tui --autostart=false --web-port 0 Calling -u 2 -r unlimited --threads 1")?;
    pane.shows(&["ready", "Enter starts"])?;
    // Where the page is was said before the screen was taken.
    pane.keys(&["6"])?;
    pane.shows(&["web UI: http://127.0.0.1:"])?;
    pane.keys(&["1"])?;
    pane.keys(&["Enter"])?;
    pane.shows(&["running", "2 of 2 users", "CALL hello"])?;
    pane.keys(&["q"])?;
    pane.shows(&["stopped", "Enter starts again"])?;
    pane.keys(&["q"])?;
    pane.ended(0)
}

fn a_panic_in_a_task_is_an_exception_on_the_screen() -> Result<(), Failed> {
    let pane = started("--tui Panicking -u 2 -r unlimited --threads 1")?;
    pane.shows(&["running"])?;
    pane.keys(&["3"])?;
    pane.shows(&["Panicking::jump: panicked: without a parachute", "tests/terminal.rs:", "2 of 2 users"])?;
    pane.keys(&["q"])?;
    pane.shows(&["stopped"])?;
    pane.keys(&["q"])?;
    pane.ended(1)
}

fn a_panic_in_what_a_task_spawned_is_a_line_of_the_log() -> Result<(), Failed> {
    let pane = started("--tui Letting -u 1 --threads 1")?;
    pane.keys(&["6"])?;
    pane.shows(&["nobody holds it", "1 of 1 users", "6 Log"])?;
    pane.keys(&["C-c"])?;
    pane.ended(0)?;
    // What the log said is there afterwards.
    pane.scrolled_by(&["nobody holds it"])
}

fn ctrl_c_twice_ends_at_once() -> Result<(), Failed> {
    let pane = started("--tui Clinging -u 1 --on-stop-timeout 1h --threads 1")?;
    pane.shows(&["1 of 1 users"])?;
    pane.keys(&["C-c"])?;
    pane.shows(&["stopping"])?;
    pane.keys(&["C-c"])?;
    pane.ended(130)
}

fn sigterm_gives_the_terminal_back() -> Result<(), Failed> {
    let pane = started("--tui Calling -u 1 --threads 1")?;
    pane.shows(&["1 of 1 users"])?;
    pane.signal("TERM")?;
    pane.ended(0)
}

fn a_run_that_ends_by_itself_ends_the_program_with_autoquit() -> Result<(), Failed> {
    let pane = started("--tui Calling -u 1 -t 2s --autoquit 0 --threads 1")?;
    pane.shows(&["1 of 1 users"])?;
    pane.ended(0)?;
    pane.scrolled_by(&["Ran 2s"])
}

fn keys_add_and_take_away_users_without_a_tui_too() -> Result<(), Failed> {
    let pane = started("--headless Calling -u 3 -r unlimited --threads 1")?;
    pane.shows(&[" 3 users"])?;
    pane.keys(&["w"])?;
    pane.shows(&[" 4 users"])?;
    pane.keys(&["W"])?;
    pane.shows(&[" 14 users"])?;
    pane.keys(&["s", "S", "x"])?;
    pane.shows(&[" 3 users"])?;
    // Ctrl-C is the signal that it always was.
    pane.keys(&["C-c"])?;
    pane.ended(0)
}

fn keys_go_on_after_a_stop_and_a_continue() -> Result<(), Failed> {
    let pane = started("--headless Calling -u 3 -r unlimited --threads 1")?;
    pane.shows(&[" 3 users"])?;
    pane.keys(&["C-z"])?;
    pane.shows(&["Stopped"])?;
    pane.keys(&["stty sane; fg", "Enter"])?;
    // Only when it has the terminal again is it asked for a key.
    pane.until("keys come one by one", |pane| Ok(pane.modes()?.contains("-icanon")))?;
    pane.keys(&["w"])?;
    pane.shows(&[" 4 users"])?;
    pane.keys(&["C-c"])?;
    pane.ended_after_a_stop()
}

fn in_the_background_it_leaves_the_terminal_alone() -> Result<(), Failed> {
    let pane = started("--headless Calling -u 1 -t 2s --threads 1 & wait")?;
    pane.ended(0)?;
    pane.scrolled_by(&["Ran 2s"])
}

/// Without a terminal, or where something else was asked for: what to do instead.
fn tui_is_refused_where_it_makes_no_sense() -> Result<(), Failed> {
    for (arguments, expected) in [
        (&["--tui"][..], "needs a terminal"),
        (&["--tui", "--headless"], "--headless"),
        (&["--tui", "--json"], "--json"),
        (&["--tui", "--debug-user", "Calling"], "--debug-user"),
        (&["--tui", "--only-summary"], "--only-summary"),
    ] {
        let mut command = Command::new(std::env::current_exe()?);
        let output = command.env("TERMINAL_CHILD", "1").args(arguments).stdin(Stdio::null()).output()?;
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() != Some(2) || !err.contains(expected) || !err.contains("--tui") {
            return Err(format!("{arguments:?}: {:?}: {err}", output.status).into());
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    if std::env::var_os("TERMINAL_CHILD").is_some() {
        return child();
    }
    let has_tmux = Pane::is_possible();
    let trial = |name: &str, test: fn() -> Result<(), Failed>| Trial::test(name, test);
    let in_tmux = |name: &str, test| trial(name, test).with_ignored_flag(!has_tmux);
    let trials = vec![
        in_tmux("tui_shows_a_run_and_is_steered_by_keys", tui_shows_a_run_and_is_steered_by_keys),
        in_tmux("a_panic_in_a_task_is_an_exception_on_the_screen", a_panic_in_a_task_is_an_exception_on_the_screen),
        in_tmux(
            "a_panic_in_what_a_task_spawned_is_a_line_of_the_log",
            a_panic_in_what_a_task_spawned_is_a_line_of_the_log,
        ),
        in_tmux("ctrl_c_twice_ends_at_once", ctrl_c_twice_ends_at_once),
        in_tmux("sigterm_gives_the_terminal_back", sigterm_gives_the_terminal_back),
        in_tmux("a_run_that_ends_by_itself_ends_the_program", a_run_that_ends_by_itself_ends_the_program_with_autoquit),
        in_tmux("keys_add_and_take_away_users_without_a_tui_too", keys_add_and_take_away_users_without_a_tui_too),
        in_tmux("keys_go_on_after_a_stop_and_a_continue", keys_go_on_after_a_stop_and_a_continue),
        in_tmux("in_the_background_it_leaves_the_terminal_alone", in_the_background_it_leaves_the_terminal_alone),
        in_tmux("tui_waits_for_enter_where_it_is_told_to", tui_waits_for_enter_where_it_is_told_to),
        trial("tui_is_refused_where_it_makes_no_sense", tui_is_refused_where_it_makes_no_sense),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
