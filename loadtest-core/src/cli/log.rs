//! The log: to stderr without tearing the live table, or into a file.

use std::fmt::{self, Write};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Context as LayerContext, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::screen::Screen;
use crate::console::LogBook;
use crate::error::InputError;

/// UTC, to the millisecond.
struct Utc;

impl FormatTime for Utc {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", humantime::format_rfc3339_millis(std::time::SystemTime::now()))
    }
}

/// Starts the log of this process; a subscriber that is there already stays.
pub(super) fn start(
    level: LevelFilter,
    file: Option<&Path>,
    screen: &Arc<Screen>,
    book: &Arc<LogBook>,
) -> Result<(), InputError> {
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_timer(Utc).with_ansi(false);
    let kept = tracing_subscriber::registry().with(level).with(ToBook(Arc::clone(book)));
    let started = match file {
        None => kept.with(lines.with_writer(ToScreen(Arc::clone(screen)))).try_init(),
        Some(path) => {
            let file = File::options().create(true).append(true).open(path).map_err(|error| {
                InputError::new(format!("--logfile {}: cannot be written: {error}", path.display()))
            })?;
            kept.with(lines.with_writer(Mutex::new(file))).try_init()
        }
    };
    if started.is_err() {
        tracing::debug!("a subscriber was installed before");
    }
    Ok(())
}

/// Keeps the lines for those who look at the log elsewhere.
struct ToBook(Arc<LogBook>);

impl<S: Subscriber> Layer<S> for ToBook {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.add(*event.metadata().level(), text.0);
    }
}

/// The message, and what stands beside it as `name=value`.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let space = if self.0.is_empty() { "" } else { " " };
        let _ = match field.name() {
            "message" => write!(self.0, "{space}{value:?}"),
            name => write!(self.0, "{space}{name}={value:?}"),
        };
    }
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
