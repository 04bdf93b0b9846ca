//! The course of the last minutes as lines.

use std::sync::Arc;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};

use super::theme::Theme;
use crate::stats::{History, Point, RunPoint};
use crate::units::{format_duration, format_number};

/// How much of the past is shown.
const SPAN: Duration = Duration::from_secs(5 * 60);
/// The least that the time axis is long, so that a beginning does not look like a long time.
const LEAST: f64 = 30.0;

type Curve = Vec<(f64, f64)>;

/// Figures of the last minutes, by the second since the start of the run or the last reset.
#[derive(Debug, Default)]
pub(super) struct Course {
    of: Option<Arc<History>>,
    pub(super) rate: Curve,
    pub(super) failures: Curve,
    /// p50, p95 and p99 in milliseconds.
    pub(super) percentiles: [Curve; 3],
    pub(super) users: Curve,
    until: f64,
}

/// The percentiles that are drawn.
pub(super) const PERCENTILES: [f64; 3] = [50.0, 95.0, 99.0];

impl Course {
    /// Reads the points, unless they were read before: there is a new one each second.
    pub(super) fn read(&mut self, history: &Arc<History>) {
        if self.of.as_ref().is_some_and(|known| Arc::ptr_eq(known, history)) {
            return;
        }
        *self = Self { of: Some(Arc::clone(history)), ..Self::default() };
        let users: Vec<&RunPoint> = history.run().collect();
        let end = users.last().map_or(Duration::ZERO, |point| point.at + point.length);
        self.until = end.as_secs_f64();
        let from = end.saturating_sub(SPAN);
        let recent = |at: Duration, length: Duration| at + length > from;
        let users = users.iter().filter(|point| recent(point.at, point.length));
        self.users = users.map(|point| (middle(point.at, point.length), whole(point.users))).collect();
        for point in history.total().recent().take_while(|point| recent(point.at, point.length)) {
            self.add(&point);
        }
        let curves = [&mut self.rate, &mut self.failures].into_iter().chain(&mut self.percentiles);
        curves.for_each(|curve| curve.reverse());
    }

    fn add(&mut self, point: &Point) {
        let at = middle(point.at, point.length);
        self.rate.push((at, point.rate()));
        let length = point.length.as_secs_f64();
        self.failures.push((at, if length > 0.0 { whole(point.failed) / length } else { 0.0 }));
        for (curve, percentile) in self.percentiles.iter_mut().zip(PERCENTILES) {
            curve.extend(point.service.percentile(percentile).map(|time| (at, time.as_secs_f64() * 1000.0)));
        }
    }

    /// The time axis: from, to.
    fn span(&self) -> [f64; 2] {
        let from = (self.until - SPAN.as_secs_f64()).max(0.0);
        [from, self.until.max(from + LEAST)]
    }
}

fn middle(at: Duration, length: Duration) -> f64 {
    (at + length / 2).as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "of less than 2^53, and drawn in a few dozen lines")]
fn whole(number: u64) -> f64 {
    number as f64
}

/// A line of a chart: its name with its last figure, its points, its looks.
pub(super) struct Drawn<'a> {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) points: &'a [(f64, f64)],
    pub(super) looks: (Style, Marker),
}

/// Draws a chart with labelled scales; the names of its lines and their last figures stand in its frame.
pub(super) fn chart(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &'static str,
    course: &Course,
    lines: &[Drawn<'_>],
    theme: &Theme,
) {
    let highest = lines.iter().flat_map(|line| line.points).map(|point| point.1).fold(0.0, f64::max);
    let top = nice_above(highest);
    let [from, to] = course.span();
    let mut heading = vec![Span::styled(format!("{title} "), theme.strong)];
    for line in lines {
        let last = line.points.last().map_or_else(|| "-".to_owned(), |point| short(point.1));
        heading.push(Span::styled(format!("{} {last}{} ", line.name, line.unit), line.looks.0));
    }
    let time = |seconds: f64| format_duration(Duration::from_secs_f64(seconds.max(0.0).round()));
    let label = |text: String| Span::styled(text, theme.faint);
    let datasets = lines
        .iter()
        .map(|line| {
            let set = Dataset::default().data(line.points).graph_type(GraphType::Line);
            set.style(line.looks.0).marker(line.looks.1)
        })
        .collect();
    let chart = Chart::new(datasets)
        .block(Block::bordered().border_style(theme.faint).title(Line::from(heading)))
        .x_axis(
            Axis::default()
                .bounds([from, to])
                .labels([from, (from + to) / 2.0, to].map(|at| label(time(at))))
                .style(theme.faint),
        )
        .y_axis(
            Axis::default()
                .bounds([0.0, top])
                .labels([0.0, top / 2.0, top].map(|at| label(short(at))))
                .style(theme.faint),
        )
        .legend_position(None);
    frame.render_widget(chart, area);
}

/// A round number that is not below this one: 1, 2 or 5 times a power of ten.
pub(super) fn nice_above(number: f64) -> f64 {
    if !number.is_finite() || number <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(number.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|nice| *nice >= number).unwrap_or(power * 10.0)
}

/// Three digits.
fn short(number: f64) -> String {
    let decimals = match number.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{number:.decimals$}");
    if number.abs() >= 1e6 {
        format_number(number)
    } else if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
