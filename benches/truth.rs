//! Are reported times what happened? `cargo bench --bench truth`; docs/accuracy.md says what is measured and how.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

use std::path::Path;
use std::process::ExitCode;

use benches::tools::Tools;
use benches::truth::awake::Awake;
use benches::truth::ours::Starts;
use benches::truth::rivals::Rival;
use benches::truth::server::{First, PROGRAM, TruthServer};
use benches::truth::tables::{self, ACCURACY, Compared};
use benches::truth::validation::{self, Run};
use benches::truth::{DISTRIBUTIONS, Distribution, USERS, analytic};
use benches::{child, server};

const HELP: &str = "\
cargo bench --bench truth -- [WORDS] [FLAGS]

validate   ours: 10 runs for each distribution, scheduled starts under the stall, a busy loop beside a run (10 minutes, or as
           long as it takes to have 10 runs with both cores)
rivals     ours beside wrk, oha, Goose and Locust, a run each (6 minutes, and some more the first time)
           without either of the two: both; with --quick the first
NAMES      only these: constant, uniform, lognormal, bimodal, stall, scheduled, busy
--quick    two runs of each, to see whether all works (2 minutes)
--write    write the tables into docs/accuracy.md even if this run is quick or has only some of them
--no-write never write them

Runs during which the machine took the client's core away for more than half a percent of the time are left out, and made
again, up to twice as often as asked for.

Fails when fewer than 9 of 10 runs are within 2 % or 0.2 ms of what the server did (p99.9: 5 % or 1 ms), when counts
differ, when response times under the stall are not within 5 % of what was calculated, or when no warning says that
the load generator had no core to itself.
";

/// What is asked for.
struct Asked {
    validate: bool,
    rivals: bool,
    names: Vec<String>,
    quick: bool,
    write: bool,
}

impl Asked {
    fn has(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|asked| asked == name)
    }

    fn distributions(&self) -> impl Iterator<Item = Distribution> {
        DISTRIBUTIONS.into_iter().filter(|distribution| self.has(distribution.name))
    }

    fn periods(&self) -> u32 {
        if self.quick { 1 } else { 2 }
    }
}

fn main() -> ExitCode {
    if let Some(code) = child::main() {
        return code;
    }
    match asked().and_then(|asked| run(&asked)) {
        Ok(failed) if failed.is_empty() => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("\ntruth: FAILED: {}", failed.join("; "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("truth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked { validate: false, rivals: false, names: Vec::new(), quick: false, write: false };
    let mut write = None;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            // Cargo's own.
            "--bench" => {}
            "--quick" => asked.quick = true,
            "--write" => write = Some(true),
            "--no-write" => write = Some(false),
            "validate" => asked.validate = true,
            "rivals" => asked.rivals = true,
            "scheduled" | "busy" => asked.names.push(argument),
            name if DISTRIBUTIONS.iter().any(|distribution| distribution.name == name) => asked.names.push(argument),
            other => return Err(format!("there is no {other}\n\n{HELP}")),
        }
    }
    if !asked.validate && !asked.rivals {
        (asked.validate, asked.rivals) = (true, !asked.quick);
    }
    asked.write = write.unwrap_or(!asked.quick && asked.names.is_empty());
    Ok(asked)
}

/// What has failed.
fn run(asked: &Asked) -> Result<Vec<String>, String> {
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        return Err("two cores are needed, one for the server and one for the client".to_owned());
    }
    server::build(PROGRAM)?;
    let mut failed = Vec::new();
    if asked.validate {
        validate(asked, &mut failed)?;
    }
    if asked.rivals {
        rivals(asked)?;
    }
    Ok(failed)
}

fn validate(asked: &Asked, failed: &mut Vec<String>) -> Result<(), String> {
    let runs = if asked.quick { 2 } else { 10 };
    let mut measured = Vec::new();
    for distribution in asked.distributions() {
        let all = validation::closed(&distribution, runs, distribution.seconds)?;
        let (good, enough) = all.good();
        if !enough {
            let left_out = all.left_out.len();
            let counted = all.counted.len();
            failed.push(format!("{}: {good} of {counted} runs are good, {left_out} left out", distribution.name));
        }
        measured.push((distribution, all));
    }
    let mut heading = vec![];
    if !measured.is_empty() {
        heading.push(format!("the server's own lateness {}", tables::lateness(&measured)));
    }
    let mut text = benches::tables::heading(&heading, None);
    if !measured.is_empty() {
        text.push_str(&format!("\n{}", tables::validation(&measured)));
    }
    if asked.has("scheduled") {
        let scheduled = validation::scheduled(asked.periods())?;
        for one in &scheduled {
            failed.extend(one.off().into_iter().map(|off| format!("scheduled, {} users: {off}", one.users)));
        }
        text.push_str(&format!("\n{}", tables::scheduled(&scheduled)));
    }
    if asked.has("busy") {
        let warnings = validation::beside_a_busy_loop(if asked.quick { 5 } else { 10 })?;
        match warnings.first() {
            None => failed.push("a busy loop beside the run: no warning".to_owned()),
            Some(warning) => {
                text.push_str(&format!("\nWith a busy loop beside the run the report says: *{warning}*\n"))
            }
        }
    }
    println!("\n{text}");
    write(asked, "validate", &text)
}

fn rivals(asked: &Asked) -> Result<(), String> {
    let tools = Tools::prepare(&Rival::CLIENTS)?;
    let heading = tools.versions();
    let mut text = benches::tables::heading(&heading, None);
    for distribution in asked.distributions() {
        // Other tools count nothing that is not over in time: the stall has to be.
        let seconds = distribution.seconds + if distribution.name == "stall" { 4 } else { 0 };
        println!("\n{}: {seconds} s each", distribution.title);
        let ours = ours(distribution.name, Starts::Closed, seconds);
        let others = others(&tools, &Rival::CLOSED, distribution.name, Starts::Closed, seconds);
        let table = tables::rivals(&distribution, &ours, &others);
        println!("\n{table}");
        text.push_str(&format!("\n{table}"));
    }
    if asked.has("scheduled") {
        let seconds = u64::from(asked.periods()) * 10;
        println!("\nThe stall at a rate: {seconds} s each");
        let ours = ours("stall", Starts::Scheduled, seconds);
        let others = others(&tools, &Rival::SCHEDULED, "stall", Starts::Scheduled, seconds);
        let table = tables::rates(&analytic::responses(asked.periods(), USERS as usize), &ours, &others);
        println!("\n{table}");
        text.push_str(&format!("\n{table}"));
    }
    write(asked, "rivals", &text)
}

/// A run of ours: what a user reads first, which is the response time where there is one.
fn ours(delays: &str, starts: Starts, seconds: u64) -> Compared {
    let run = Run::measure((delays, 1), First::Counts, starts, USERS, seconds)?;
    Ok((run.ours.response.unwrap_or(run.ours.service), run.truth.took))
}

fn others(tools: &Tools, rivals: &[Rival], delays: &str, starts: Starts, seconds: u64) -> Vec<(Rival, Compared)> {
    let one = |rival: &Rival| {
        let measure = || {
            let server = TruthServer::start(delays, 1, First::Counts)?;
            let awake = Awake::start()?;
            let seen = rival.run(tools, server.url(), starts, seconds)?;
            drop(awake);
            Ok((seen, server.finish()?.took))
        };
        let compared: Compared = measure();
        match &compared {
            Ok((seen, _)) => println!("  {}: {} requests", rival.name(starts), seen.count),
            Err(why) => println!("  {}: NOT MEASURED: {why}", rival.name(starts)),
        }
        (*rival, compared)
    };
    rivals.iter().map(one).collect()
}

fn write(asked: &Asked, name: &str, text: &str) -> Result<(), String> {
    if asked.write {
        benches::tables::write_between(Path::new(ACCURACY), name, text)?;
        println!("Written to docs/accuracy.md");
    } else {
        println!("Not written to docs/accuracy.md: --write does it.");
    }
    Ok(())
}
