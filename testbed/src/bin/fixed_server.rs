//! The fixed-response server in a process of its own, to be pinned to a core:
//! `taskset -c 0 fixed_server --body 1024`. Prints its URL and nothing else.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Parser;
use testbed::fixed::FixedServer;

/// Answers every HTTP request with the same response, as fast as can be.
#[derive(Debug, Parser)]
struct Flags {
    /// The port of 127.0.0.1 to listen on; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Bytes of the response body.
    #[arg(long, default_value_t = 1024)]
    body: usize,
    /// A `Set-Cookie` value of the response; can be given several times.
    #[arg(long)]
    set_cookie: Vec<String>,
    /// Speak TLS, with a certificate for 127.0.0.1 and localhost that is made on start.
    #[arg(long)]
    tls: bool,
    /// Write the authority to trust, as PEM, to this file.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
    /// End when standard input ends, that is when the parent process ends.
    #[arg(long)]
    until_stdin_closes: bool,
}

fn main() -> io::Result<()> {
    let flags = Flags::parse();
    // One descriptor a connection; as many as one may have.
    rlimit::increase_nofile_limit(u64::MAX)?;
    let mut builder =
        FixedServer::builder().body_len(flags.body).bind(SocketAddr::from((Ipv4Addr::LOCALHOST, flags.port)));
    for cookie in &flags.set_cookie {
        builder = builder.set_cookie(cookie);
    }
    if flags.tls {
        builder = builder.tls();
    }
    let server = builder.spawn()?;
    if let (Some(file), Some(pem)) = (&flags.ca_out, server.ca_pem()) {
        std::fs::write(file, pem)?;
    }
    writeln!(io::stdout(), "{}", server.url())?;
    if flags.until_stdin_closes {
        io::copy(&mut io::stdin(), &mut io::sink())?;
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}
