//! Charts of something over time, as SVG.
//!
//! The drawing is stretched to the width that there is; texts and strokes are not. So there is no width to be chosen here,
//! and the same chart reads on a telephone.

use std::fmt::Write;
use std::time::Duration;

use super::figures::Unit;
use super::markup::{Page, put};
use super::scale::{Scale, moments};
use crate::units::format_duration;

/// The size of the drawing in its own units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 200.0;

/// One line of a chart.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    /// The class that gives it its colour.
    pub(super) class: &'static str,
    /// One value for each moment; `None` where there is none.
    pub(super) values: Vec<Option<f64>>,
}

/// How the lines of a chart are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each from zero, one over the other.
    Lines,
    /// Each on top of the one before, filled.
    Stacked,
    /// As values that stay until the next.
    Steps,
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: &'static str,
    /// What it shows, in a sentence.
    pub(super) caption: String,
    pub(super) unit: Unit,
    pub(super) shape: Shape,
    /// Whether large differences may make the axis logarithmic.
    pub(super) may_be_log: bool,
    /// The moments of the values: the middles of the stretches they stand for.
    pub(super) moments: Vec<f64>,
    pub(super) lines: Vec<Line>,
    /// The length of the run.
    pub(super) end: Duration,
}

impl Chart {
    /// The tops of the lines where they are drawn: stacked ones on those before.
    fn drawn(&self) -> Vec<Vec<Option<f64>>> {
        let mut drawn: Vec<Vec<Option<f64>>> = Vec::new();
        for line in &self.lines {
            let mut values = line.values.clone();
            if self.shape == Shape::Stacked
                && let Some(below) = drawn.last()
            {
                for (value, below) in values.iter_mut().zip(below) {
                    *value = value.map(|value| value + below.unwrap_or_default());
                }
            }
            drawn.push(values);
        }
        drawn
    }

    fn scale(&self, drawn: &[Vec<Option<f64>>]) -> Scale {
        let values = || drawn.iter().flatten().flatten().copied();
        let highest = values().fold(0.0, f64::max);
        let lowest = values().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
        // On a linear axis what is ordinary would lie flat on the ground.
        if self.may_be_log && lowest.is_finite() && highest > 20.0 * lowest {
            return Scale::log(lowest, highest);
        }
        match (self.unit, Scale::linear(highest)) {
            (Unit::Count, Scale::Linear(top)) => Scale::Linear(top.max(4.0)),
            (_, scale) => scale,
        }
    }

    pub(super) fn write(&self, page: &mut Page) {
        let drawn = self.drawn();
        let scale = self.scale(&drawn);
        let end = self.end.as_secs_f64().max(1e-3);
        put!(page, "<figure class=\"chart\"><figcaption><h3>{}</h3><p>{}", self.title, self.caption);
        if matches!(scale, Scale::Log(..)) {
            put!(page, " Logarithmic scale.");
        }
        put!(page, "</p>");
        if self.lines.len() > 1 {
            put!(page, "<ul class=\"legend\">");
            for line in &self.lines {
                put!(page, "<li class=\"{}\">{}</li>", line.class, line.name);
            }
            put!(page, "</ul>");
        }
        put!(page, "</figcaption><div class=\"plot\"><svg role=\"img\" aria-label=\"{}\">", self.title);
        write_grid(scale, self.unit, page);
        write_time_axis(self.end, page);
        let (width, height) = (WIDTH, HEIGHT);
        put!(
            page,
            "<svg viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\">"
        );
        let ground = vec![None; self.moments.len()];
        // From the top down: where there is nothing of the upper, the edge of the lower is seen.
        for (index, line) in self.lines.iter().enumerate().rev() {
            if self.shape == Shape::Stacked {
                let below = if index == 0 { &ground } else { &drawn[index - 1] };
                let area = self.area(&drawn[index], below, scale, end);
                put!(page, "<path class=\"area {}\" d=\"{area}\"/>", line.class);
            }
            let path = self.path(&drawn[index], scale, end);
            put!(page, "<path class=\"line {}\" d=\"{path}\"/>", line.class);
        }
        put!(page, "</svg></svg></div>");
        self.write_data(page);
        put!(page, "</figure>\n");
    }

    /// The line through the values; a gap where there is none, a dot where one stands alone.
    fn path(&self, values: &[Option<f64>], scale: Scale, end: f64) -> String {
        let mut path = String::new();
        let mut is_down = false;
        let mut last = 0.0;
        for (moment, value) in self.moments.iter().zip(values) {
            let Some(value) = value else {
                is_down = false;
                continue;
            };
            let (x, y) = (moment / end * WIDTH, HEIGHT * (1.0 - scale.place(*value)));
            if !is_down {
                let _ = write!(path, "M{} {}h0", tenths(x), tenths(y));
            } else if self.shape == Shape::Steps {
                let _ = write!(path, "H{}V{}", tenths(f64::midpoint(last, x)), tenths(y));
            }
            if is_down {
                let _ = write!(path, "L{} {}", tenths(x), tenths(y));
            }
            (is_down, last) = (true, x);
        }
        path
    }

    /// What lies between two lines.
    fn area(&self, top: &[Option<f64>], below: &[Option<f64>], scale: Scale, end: f64) -> String {
        let mut path = String::new();
        let places = |values: &[Option<f64>]| -> Vec<(f64, f64)> {
            let place = |(moment, value): (&f64, &Option<f64>)| {
                (moment / end * WIDTH, HEIGHT * (1.0 - scale.place(value.unwrap_or_default())))
            };
            self.moments.iter().zip(values).map(place).collect()
        };
        for (index, (x, y)) in places(top).iter().enumerate() {
            let _ = write!(path, "{}{} {}", if index == 0 { 'M' } else { 'L' }, tenths(*x), tenths(*y));
        }
        for (x, y) in places(below).iter().rev() {
            let _ = write!(path, "L{} {}", tenths(*x), tenths(*y));
        }
        if !path.is_empty() {
            path.push('Z');
        }
        path
    }

    /// The values, for the read-out under the pointer. Numbers and names of ours: nothing in it needs escaping.
    fn write_data(&self, page: &mut Page) {
        put!(
            page,
            "<script type=\"application/json\">{{\"unit\":\"{}\",\"end\":{},\"x\":",
            self.unit.as_str(),
            self.end.as_secs_f64()
        );
        write_numbers(self.moments.iter().copied().map(Some), page);
        put!(page, ",\"lines\":[");
        for (index, line) in self.lines.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            put!(page, "{comma}{{\"name\":\"{}\",\"class\":\"{}\",\"v\":", line.name, line.class);
            write_numbers(line.values.iter().copied(), page);
            put!(page, "}}");
        }
        put!(page, "]}}</script>");
    }
}

fn write_numbers(numbers: impl Iterator<Item = Option<f64>>, page: &mut Page) {
    put!(page, "[");
    for (index, number) in numbers.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        match number {
            // Four digits are more than the read-out shows.
            Some(number) if number.abs() < 1000.0 => put!(page, "{comma}{}", (number * 1000.0).round() / 1000.0),
            Some(number) => put!(page, "{comma}{number:.0}"),
            None => put!(page, "{comma}null"),
        }
    }
    put!(page, "]");
}

/// With one decimal at most: a tenth of a thousandth of the width is less than a pixel.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Lines across and their values to the left.
pub(super) fn write_grid(scale: Scale, unit: Unit, page: &mut Page) {
    for tick in scale.ticks() {
        let y = tenths(100.0 * (1.0 - scale.place(tick)));
        put!(page, "<line class=\"grid\" x2=\"100%\" y1=\"{y}%\" y2=\"{y}%\"/>");
        put!(page, "<text class=\"y\" x=\"-8\" y=\"{y}%\" dy=\".32em\">{}</text>", unit.show(tick));
    }
}

/// Times below. On a narrow screen every second of them is left out.
pub(super) fn write_time_axis(end: Duration, page: &mut Page) {
    for (index, moment) in moments(end, 6).into_iter().enumerate() {
        let x = tenths(100.0 * moment.as_secs_f64() / end.as_secs_f64().max(1e-3));
        let odd = if index % 2 == 1 { " odd" } else { "" };
        put!(page, "<text class=\"x{odd}\" x=\"{x}%\" y=\"100%\" dy=\"1.5em\">{}</text>", format_duration(moment));
    }
}
