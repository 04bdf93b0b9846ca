//! The ownCloud stand-in in a process of its own. Prints its URL and nothing else.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clap::Parser;
use testbed::owncloud::OwncloudServer;

/// An ownCloud to put load on; the administrator is admin with password admin.
#[derive(Debug, Parser)]
struct Flags {
    /// The port of 127.0.0.1 to listen on; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Threads to serve on.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// What each check of a password costs, in milliseconds.
    #[arg(long, default_value_t = 0)]
    password_check_ms: u64,
    /// The time over which the body of each download is spread, in milliseconds.
    #[arg(long, default_value_t = 0)]
    download_ms: u64,
    /// How long each upload takes after its body was read, in milliseconds.
    #[arg(long, default_value_t = 0)]
    write_ms: u64,
    /// Bytes of the manual in every new account.
    #[arg(long, default_value_t = 4 * 1024 * 1024)]
    manual_size: usize,
    /// End when standard input ends, that is when the parent process ends.
    #[arg(long)]
    until_stdin_closes: bool,
}

fn main() -> io::Result<()> {
    let flags = Flags::parse();
    // One descriptor a connection; as many as one may have.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let server = OwncloudServer::builder()
        .bind(SocketAddr::from((Ipv4Addr::LOCALHOST, flags.port)))
        .threads(flags.threads)
        .password_check(Duration::from_millis(flags.password_check_ms))
        .download_duration(Duration::from_millis(flags.download_ms))
        .write_time(Duration::from_millis(flags.write_ms))
        .manual_size(flags.manual_size)
        .try_spawn()?;
    writeln!(io::stdout(), "{}", server.url())?;
    if flags.until_stdin_closes {
        io::copy(&mut io::stdin(), &mut io::sink())?;
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}
