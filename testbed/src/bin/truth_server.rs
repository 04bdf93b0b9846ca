//! The server that is late on purpose, in a process of its own, to be pinned to a core:
//! `taskset -c 0 truth_server --delays lognormal --busy`. Prints its URL; when standard input ends, what it did, and ends.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use testbed::truth::{Delays, Log, Sorted, TruthServer};

/// Answers every HTTP request late, by a known distribution, and tells how late.
///
/// Prints its URL. When standard input ends it prints lines of a name and a number (counts, and times in microseconds),
/// and ends.
#[derive(Debug, Parser)]
struct Flags {
    /// The port of 127.0.0.1 to listen on; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// How long answers take: constant, uniform, lognormal, bimodal, or stall.
    #[arg(long)]
    delays: Delays,
    /// The seed of what is drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Never sleep while a client is connected.
    #[arg(long)]
    busy: bool,
    /// Answer the first request of each connection at once, and leave it out of what is told.
    #[arg(long)]
    greeted: bool,
    /// Write a line for each answer to this file at the end: microseconds from the first request to this one, of its
    /// delay, and until the answer.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

fn main() -> io::Result<()> {
    let flags = Flags::parse();
    rlimit::increase_nofile_limit(u64::MAX)?;
    let server = TruthServer::builder(flags.delays)
        .seed(flags.seed)
        .busy(flags.busy)
        .greeted(flags.greeted)
        .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, flags.port)))
        .spawn()?;
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", server.url())?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    let log = server.stop();
    if let Some(file) = &flags.log {
        write_all(&log, file)?;
    }
    writeln!(stdout, "received {}", log.received())?;
    writeln!(stdout, "answered {}", log.entries().len())?;
    writeln!(stdout, "away {:.1}", micros(log.away()))?;
    for (name, values) in [("took", log.took()), ("delay", log.delays()), ("lateness", log.lateness())] {
        write_figures(&mut stdout, name, &values)?;
    }
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn write_all(log: &Log, file: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(file)?);
    writeln!(file, "arrived_us,delay_us,took_us")?;
    for entry in log.entries() {
        writeln!(file, "{:.1},{:.1},{:.1}", micros(entry.arrived), micros(entry.delay), micros(entry.took))?;
    }
    file.flush()
}

fn write_figures(mut to: impl Write, name: &str, values: &Sorted) -> io::Result<()> {
    let mut line = |figure: &str, value: Option<Duration>| match value {
        Some(value) => writeln!(to, "{name}_{figure} {:.1}", micros(value)),
        None => Ok(()),
    };
    line("min", values.min())?;
    for percentile in [50.0, 66.0, 75.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.9, 99.99] {
        line(&format!("p{percentile}"), values.percentile(percentile))?;
    }
    line("max", values.max())?;
    line("mean", values.mean())
}
