//! When which latencies occurred, and how they are distributed: a heat map, and beside it a histogram on the same axis.

use std::fmt::Write;
use std::time::Duration;

use super::figures::{Unit, time};
use super::markup::{Page, put};
use super::scale::{Scale, round_values};
use crate::stats::{Point, Times};
use crate::units::format_duration;

/// How many columns and rows a heat map has at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Detail {
    columns: u64,
    rows: i32,
}

pub(super) const FINE: Detail = Detail { columns: 100, rows: 28 };
pub(super) const ROUGH: Detail = Detail { columns: 60, rows: 18 };
/// The fewest rows.
const FEW_ROWS: i32 = 8;
/// How many rows a power of ten may have.
const PER_DECADE: [i32; 8] = [24, 16, 12, 8, 6, 4, 2, 1];
/// How many shades there are.
const SHADES: u8 = 7;
/// How high it is on the screen, for the places of labels; the style sheet says the same.
const HEIGHT: f64 = 180.0;
/// A column of which there is less than this is none: runs do not end at the full second.
const HALF_A_SECOND: Duration = Duration::from_millis(500);
/// The lengths of a column, in seconds.
const LENGTHS: [u64; 16] = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

/// Rows of latencies, each a fixed factor above the one below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    per_decade: i32,
    /// The number of the lowest, counted from 1 µs.
    lowest: i32,
    count: i32,
}

#[expect(clippy::cast_possible_truncation, reason = "logarithms of times")]
fn row_of(micros: f64, per_decade: i32) -> i32 {
    (micros.max(1.0).log10() * f64::from(per_decade) + 1e-9).floor() as i32
}

impl Rows {
    /// As fine as there is room for.
    pub(super) fn of(times: &Times, detail: Detail) -> Self {
        let micros = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64() * 1e6;
        let (low, high) = (micros(times.min()), micros(times.max()));
        let rows = PER_DECADE.map(|per_decade| {
            let lowest = row_of(low, per_decade);
            Self { per_decade, lowest, count: row_of(high, per_decade) - lowest + 1 }
        });
        let mut rows = rows.into_iter().find(|rows| rows.count <= detail.rows).unwrap_or(rows[PER_DECADE.len() - 1]);
        if rows.count < FEW_ROWS {
            let more = FEW_ROWS - rows.count;
            rows.lowest = (rows.lowest - more / 2).max(0);
            rows.count = FEW_ROWS;
        }
        rows
    }

    fn row(self, micros: f64) -> usize {
        usize::try_from((row_of(micros, self.per_decade) - self.lowest).clamp(0, self.count - 1)).unwrap_or_default()
    }

    fn len(self) -> usize {
        usize::try_from(self.count).unwrap_or_default()
    }

    /// The lower edge of a row, in microseconds.
    fn edge(self, row: i32) -> f64 {
        10f64.powf(f64::from(self.lowest + row) / f64::from(self.per_decade))
    }

    fn scale(self) -> Scale {
        Scale::Log(self.edge(0), self.edge(self.count))
    }

    /// How many of these times lie in each row, from the lowest.
    #[expect(clippy::cast_precision_loss, reason = "logarithms of times")]
    pub(super) fn counts(self, times: &Times) -> Vec<u64> {
        let mut counts = vec![0; self.len()];
        for (lowest, width, count) in times.histogram().buckets() {
            counts[self.row(lowest as f64 + (width - 1) as f64 / 2.0)] += count;
        }
        counts
    }
}

/// The counts of a heat map: columns of rows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heat {
    /// What a column stands for.
    pub(super) length: Duration,
    pub(super) columns: Vec<Vec<u64>>,
}

impl Heat {
    /// Of these points, over a run of this length. A column is never shorter than a point, which would leave stripes.
    pub(super) fn of(points: impl Iterator<Item = Point>, end: Duration, rows: Rows, detail: Detail) -> Self {
        let points: Vec<_> = points.filter(|point| point.service.count() > 0).collect();
        let last = points.last().map_or(Duration::ZERO, |point| point.at + point.length).max(end);
        let longest = points.iter().map(|point| point.length).max().unwrap_or_default();
        let seconds = last.as_millis().div_ceil(1000);
        let fits =
            |length: &u64| u128::from(*length * detail.columns) >= seconds && Duration::from_secs(*length) >= longest;
        let days =
            || u64::try_from(seconds / u128::from(detail.columns)).unwrap_or(u64::MAX).max(longest.as_secs() + 1);
        let length = LENGTHS.into_iter().find(fits).unwrap_or_else(|| days().next_multiple_of(3600));
        let column = |at: Duration| usize::try_from(at.as_secs() / length).unwrap_or_default();
        let mut columns = vec![vec![0; rows.len()]; column(last.saturating_sub(HALF_A_SECOND)) + 1];
        for point in &points {
            let at = column(point.at + point.length / 2).min(columns.len() - 1);
            for (sum, count) in columns[at].iter_mut().zip(rows.counts(&point.service)) {
                *sum += count;
            }
        }
        Self { length: Duration::from_secs(length), columns }
    }

    fn highest(&self) -> u64 {
        self.columns.iter().flatten().copied().max().unwrap_or_default()
    }

    /// One path for each shade: strokes of a row's height, as long as neighbours have the same shade.
    pub(super) fn paths(&self) -> Vec<String> {
        let (rows, highest) = (self.columns.first().map_or(0, Vec::len), self.highest());
        let mut paths = vec![String::new(); usize::from(SHADES)];
        for row in 0..rows {
            let mut column = 0;
            while column < self.columns.len() {
                let shade = shade(self.columns[column][row], highest);
                let begun = column;
                while column < self.columns.len() && self::shade(self.columns[column][row], highest) == shade {
                    column += 1;
                }
                if shade > 0 {
                    let y = rows - 1 - row;
                    let _ = write!(paths[usize::from(shade) - 1], "M{begun} {y}.5h{}", column - begun);
                }
            }
        }
        paths
    }
}

/// 0 for nothing, up to seven for the most: by the logarithm, as a few slow ones among many are what one looks for.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a shade")]
fn shade(count: u64, highest: u64) -> u8 {
    if count == 0 {
        return 0;
    }
    let share = (count as f64).ln_1p() / (highest.max(1) as f64).ln_1p();
    ((share * f64::from(SHADES)).ceil() as u8).clamp(1, SHADES)
}

/// Writes both, side by side.
pub(super) fn write(
    points: impl Iterator<Item = Point>,
    times: &Times,
    end: Duration,
    detail: Detail,
    page: &mut Page,
) {
    let rows = Rows::of(times, detail);
    let heat = Heat::of(points, end, rows, detail);
    let shown = heat.length * u32::try_from(heat.columns.len()).unwrap_or(u32::MAX);
    put!(page, "<div class=\"heat\"><div class=\"plot\"><svg role=\"img\" aria-label=\"Latencies over time\">");
    write_latency_axis(rows, page);
    super::chart::write_time_axis(shown, page);
    let (width, height) = (heat.columns.len(), rows.len());
    put!(page, "<svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\">");
    for (shade, path) in heat.paths().iter().enumerate().filter(|(_, path)| !path.is_empty()) {
        put!(page, "<path class=\"cell h{}\" d=\"{path}\"/>", shade + 1);
    }
    put!(
        page,
        "</svg></svg></div><div class=\"plot side\"><svg role=\"img\" aria-label=\"Distribution of latencies\">"
    );
    write_bars(rows, times, page);
    write_marks(rows, times, page);
    put!(page, "</svg></div></div>");
    put!(
        page,
        "<p class=\"note\">A column is {}; the fullest cell has {}.</p>\n",
        format_duration(heat.length),
        super::figures::of(heat.highest(), "request", "requests")
    );
}

fn write_latency_axis(rows: Rows, page: &mut Page) {
    let scale = rows.scale();
    let mut ticks = round_values(rows.edge(0), rows.edge(rows.count));
    if ticks.len() > 7 {
        ticks.retain(|tick| super::scale::is_power_of_ten(*tick));
    }
    for tick in ticks {
        let y = (1000.0 * (1.0 - scale.place(tick))).round() / 10.0;
        put!(page, "<line class=\"grid\" x2=\"100%\" y1=\"{y}%\" y2=\"{y}%\"/>");
        put!(page, "<text class=\"y\" x=\"-8\" y=\"{y}%\" dy=\".32em\">{}</text>", Unit::Time.show(tick));
    }
}

#[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
fn write_bars(rows: Rows, times: &Times, page: &mut Page) {
    let counts = rows.counts(times);
    let most = counts.iter().copied().max().unwrap_or_default().max(1);
    let height = rows.len();
    put!(
        page,
        "<svg viewBox=\"0 0 100 {height}\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\"><path class=\"bars\" d=\""
    );
    for (row, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        // What there is is seen, however little.
        let length = (*count as f64 / most as f64 * 1000.0).round().max(5.0) / 10.0;
        put!(page, "M0 {}.5h{length}", height - 1 - row);
    }
    put!(page, "\"/></svg>");
}

/// The percentiles across, with their names where they do not touch.
fn write_marks(rows: Rows, times: &Times, page: &mut Page) {
    let scale = rows.scale();
    let marks = [("p50", times.p50()), ("p95", times.p95()), ("p99", times.p99()), ("max", times.max())];
    let place = |time: Duration| HEIGHT * (1.0 - scale.place(time.as_secs_f64() * 1e6));
    let places: Vec<_> = marks.iter().filter_map(|(name, at)| at.map(|at| (*name, at, place(at)))).collect();
    // From the bottom up, each label at least a line above the one below; then down again from the top.
    let mut labels: Vec<f64> = places.iter().map(|(_, _, y)| *y).collect();
    for label in 1..labels.len() {
        labels[label] = labels[label].min(labels[label - 1] - 13.0);
    }
    if let Some(over) = labels.last().map(|top| (6.0 - top).max(0.0)) {
        let last = labels.len() - 1;
        labels[last] += over;
        for label in (0..last).rev() {
            labels[label] = labels[label].max(labels[label + 1] + 13.0);
        }
    }
    for ((name, at, y), label) in places.iter().zip(labels) {
        put!(page, "<line class=\"mark\" x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        put!(
            page,
            "<text class=\"mark\" x=\"100%\" y=\"{label:.1}\" dx=\"6\" dy=\".32em\"><tspan>{name}</tspan> {}</text>",
            time(*at)
        );
    }
}

/// Of the row's requests: how many there were, for the summary of its details.
pub(super) fn summary(times: &Times) -> String {
    let of = |name: &str, at: Option<Duration>| at.map(|at| format!("{name} {}", time(at)));
    let parts = [
        Some(super::figures::of(times.count(), "request", "requests")),
        of("p50", times.p50()),
        of("p99", times.p99()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn times(micros: &[u64]) -> Times {
        let mut times = Times::default();
        micros.iter().for_each(|micros| times.record(Duration::from_micros(*micros)));
        times
    }

    fn point(second: u64, length: u64, micros: &[u64]) -> Point {
        let mut point = Point::new(Duration::from_secs(second), Duration::from_secs(length));
        point.ok = micros.len() as u64;
        point.service = times(micros);
        point
    }

    #[test]
    fn rows_are_as_fine_as_there_is_room_for() {
        for (low, high, per_decade) in [(1000, 1100, 24), (1000, 9000, 24), (1000, 99_000, 12), (1, 60_000_000, 2)] {
            let rows = Rows::of(&times(&[low, high]), FINE);
            assert_eq!(rows.per_decade, per_decade, "{low} to {high}");
            assert!((FEW_ROWS..=FINE.rows).contains(&rows.count), "{rows:?}");
        }
    }

    #[test]
    fn a_column_is_no_shorter_than_a_point() {
        let points = [point(0, 60, &[1000]), point(60, 10, &[1000]), point(70, 1, &[1000])];
        let rows = Rows::of(&times(&[1000]), FINE);
        let heat = Heat::of(points.into_iter(), Duration::from_secs(71), rows, FINE);
        assert_eq!((heat.length, heat.columns.len()), (Duration::from_secs(60), 2));
        assert_eq!(heat.columns.iter().map(|column| column.iter().sum::<u64>()).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn neighbours_of_one_shade_are_one_stroke() {
        let points = (0..5).map(|second| point(second, 1, &[1000; 3][..if second == 2 { 1 } else { 3 }]));
        let heat = Heat::of(points, Duration::from_secs(5), Rows { per_decade: 1, lowest: 2, count: 3 }, FINE);
        let paths: Vec<_> = heat.paths().into_iter().filter(|path| !path.is_empty()).collect();
        assert_eq!(paths, ["M2 1.5h1", "M0 1.5h2M3 1.5h2"]);
    }

    #[test]
    fn two_hundred_maps_of_noise_fit_into_the_file() {
        let noise = |second: u64| {
            point(
                second,
                1,
                &(0..18)
                    .map(|row| {
                        10u64.pow(row / 3 + 1) * [1, 2, 5][row as usize % 3] * (second + u64::from(row)) % 3
                            + 10u64.pow(row / 3 + 1)
                    })
                    .collect::<Vec<_>>(),
            )
        };
        let all = times(&[10, 9_000_000]);
        let heat = Heat::of((0..60).map(noise), Duration::from_secs(60), Rows::of(&all, ROUGH), ROUGH);
        let bytes: usize = heat.paths().iter().map(String::len).sum();
        assert!(heat.columns.len() <= 60 && bytes * 200 < 5 << 19, "{bytes}");
    }

    proptest! {
        #[test]
        fn every_request_is_in_a_cell(
            micros in prop::collection::vec(0u64..100_000_000, 1..60),
            length in prop::sample::select(vec![1u64, 10, 60]),
        ) {
            let points: Vec<_> = micros.chunks(3).enumerate().map(|(at, micros)| point(at as u64 * length, length, micros)).collect();
            let end = Duration::from_secs(points.len() as u64 * length);
            let all = times(&micros);
            for detail in [FINE, ROUGH] {
                let rows = Rows::of(&all, detail);
                let heat = Heat::of(points.clone().into_iter(), end, rows, detail);
                prop_assert!(heat.columns.len() as u64 <= detail.columns && rows.count <= detail.rows.max(FEW_ROWS));
                prop_assert_eq!(heat.columns.iter().flatten().sum::<u64>(), micros.len() as u64);
                prop_assert_eq!(rows.counts(&all).iter().sum::<u64>(), micros.len() as u64);
            }
        }
    }
}
