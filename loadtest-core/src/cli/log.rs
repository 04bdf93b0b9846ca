//! The log: to stderr without tearing the live table, or into a file.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use super::screen::Screen;
use crate::error::InputError;

/// UTC, to the millisecond.
struct Utc;

impl FormatTime for Utc {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", humantime::format_rfc3339_millis(std::time::SystemTime::now()))
    }
}

/// Starts the log of this process; a subscriber that is there already stays.
pub(super) fn start(level: LevelFilter, file: Option<&Path>, screen: &Arc<Screen>) -> Result<(), InputError> {
    let builder = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_timer(Utc);
    let started = match file {
        None => builder.with_ansi(false).with_writer(ToScreen(Arc::clone(screen))).try_init(),
        Some(path) => {
            let file = File::options().create(true).append(true).open(path).map_err(|error| {
                InputError::new(format!("--logfile {}: cannot be written: {error}", path.display()))
            })?;
            builder.with_ansi(false).with_writer(Mutex::new(file)).try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("a subscriber was installed before");
    }
    Ok(())
}

struct ToScreen(Arc<Screen>);

impl<'a> MakeWriter<'a> for ToScreen {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

/// One log line on its way to the screen.
struct Line<'a>(&'a Screen);

impl io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A stderr that was closed (`2>&1 | head`) must not end the run: the subscriber would complain of an error on
        // stderr, and panic there.
        let _ = self.0.log(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
