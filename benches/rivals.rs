//! Us beside wrk, oha, Goose, reqwest and Locust, in turns: `cargo bench --bench rivals`. The README beside this file
//! says what is measured, with which options, and what limits it.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::Path;
use std::process::ExitCode;

use benches::clients::Client;
use benches::scenarios::{self, MEMORY, Scenario};
use benches::server::Server;
use benches::tools::Tools;
use benches::{child, footprint, rounds, soak, tables};

const HELP: &str = "\
cargo bench --bench rivals -- [WORDS] [FLAGS]

WORDS      measure the scenarios whose names contain one of them; all without any
soak       instead: as many users as can be held open, for minutes; is memory flat?
--list     the scenarios, and how long they take
--quick    one round of one second, memory at 1,000 users: to see whether all works
--write    write the tables into the README even if this run is quick or has only some of them
--no-write never write them

Variables: ROUNDS (3), SECONDS (3), SOAK_MINUTES (10), SOAK_USERS (19500).
";

/// What is asked for.
struct Asked {
    words: Vec<String>,
    rounds: u64,
    seconds: u64,
    quick: bool,
    list: bool,
    /// Whether the README is written, where that is said.
    write: Option<bool>,
}

fn main() -> ExitCode {
    asked::main("rivals", || run(&asked()?))
}

fn asked() -> Result<Asked, String> {
    let (rounds, seconds) = (number("ROUNDS", 3)?, number("SECONDS", 3)?);
    let mut asked = Asked { words: Vec::new(), rounds, seconds, quick: false, list: false, write: None };
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            // Cargo's own.
            "--bench" => {}
            "--quick" => asked.quick = true,
            "--list" => asked.list = true,
            "--write" => asked.write = Some(true),
            "--no-write" => asked.write = Some(false),
            flag if flag.starts_with('-') => return Err(format!("there is no {flag}\n\n{HELP}")),
            word => asked.words.push(word.to_owned()),
        }
    }
    if asked.quick {
        (asked.rounds, asked.seconds) = (1, 1);
    }
    Ok(asked)
}

fn run(asked: &Asked) -> Result<(), String> {
    let soak = asked.words.iter().any(|word| word == "soak");
    let chosen = |name: &str| asked.words.is_empty() || asked.words.iter().any(|word| name.contains(word.as_str()));
    let scenarios: Vec<Scenario> = scenarios::all().into_iter().filter(|scenario| chosen(scenario.name)).collect();
    if asked.list {
        list(&scenarios, chosen(MEMORY), asked);
        return Ok(());
    }
    if scenarios.is_empty() && !chosen(MEMORY) && !soak {
        return Err(format!("no scenario has {} in its name; --list shows them", asked.words.join(" or ")));
    }
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return Err("two cores are needed, one for the server and one for the client".to_owned());
    }
    Server::build()?;
    if soak {
        let minutes = if asked.quick { 1 } else { number("SOAK_MINUTES", 10)? };
        let text = soak::run(number("SOAK_USERS", 19_500)?, minutes)?;
        println!("{text}");
        let heading = tables::heading(&[], None);
        return write(asked.write.unwrap_or(!asked.quick), "soak", &format!("{heading}\n{text}."));
    }
    let mut clients: Vec<Client> = scenarios.iter().flat_map(|scenario| scenario.clients.clone()).collect();
    clients.extend(scenarios.iter().map(Scenario::reference));
    // At half load, wrk says what the whole is.
    clients.extend(scenarios.iter().filter(|scenario| scenario.half_load).map(|_| Client::Wrk));
    if chosen(MEMORY) {
        clients.extend([Client::Reqwest, Client::Goose]);
    }
    let tools = Tools::prepare(&clients)?;
    let mut text = tables::heading(&tools.versions(), Some((asked.rounds, asked.seconds)));
    println!("\n{text}");
    for scenario in &scenarios {
        let table = match rounds::measure(scenario, &tools, asked.rounds, asked.seconds) {
            Ok(outcome) => tables::scenario(&outcome),
            Err(why) => format!("### {}\n\nNot measured: {why}.\n", scenario.title),
        };
        println!("\n{table}");
        text = format!("{text}\n{table}");
    }
    if chosen(MEMORY) {
        let users: &[u64] = if asked.quick { &[1000] } else { &[1000, 10_000] };
        let table = footprint(&tools, users)?;
        println!("\n{table}");
        text = format!(
            "{text}\n### Memory and start: users with an open connection each, a request every 10 s\n\n{table}"
        );
    }
    write(asked.write.unwrap_or(!asked.quick && asked.words.is_empty()), "rivals", &text)
}

fn list(scenarios: &[Scenario], memory: bool, asked: &Asked) {
    let mut seconds = 0;
    for scenario in scenarios {
        let clients: Vec<String> = scenario.clients.iter().map(|client| client.name().replace("**", "")).collect();
        println!("{:<14} {}\n{:<15}{}", scenario.name, scenario.title, "", clients.join(", "));
        // Starting and ending takes about a second; the clients of 2,000 Goose users some more.
        seconds += asked.rounds * scenario.clients.len() as u64 * (asked.seconds + 1 + scenario.users / 2000);
    }
    if memory {
        println!("{MEMORY:<14} Memory and start of users with an open connection each");
        seconds += if asked.quick { 20 } else { 120 };
    }
    println!(
        "\n{} rounds of {} s: about {} minutes, and some more the first time, when the clients are built and installed",
        asked.rounds,
        asked.seconds,
        seconds.div_ceil(60)
    );
}

fn write(wanted: bool, name: &str, text: &str) -> Result<(), String> {
    if wanted {
        tables::write_between(Path::new(tables::README), name, text)?;
        println!("Written to {}", tables::README);
    } else {
        println!("Not written to the README: --write does it.");
    }
    Ok(())
}
