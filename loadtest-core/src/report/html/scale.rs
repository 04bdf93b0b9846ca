//! From values to places in a chart, and which values get a label.

use std::time::Duration;

/// The steps of a time axis, in seconds; beyond the last one, days.
const STEPS: [u32; 18] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/// The axis of values: linear from zero, or logarithmic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Up to this value.
    Linear(f64),
    /// From the first to the second, both above zero.
    Log(f64, f64),
}

impl Scale {
    /// From zero to a round number at or above the highest value.
    pub(super) fn linear(highest: f64) -> Self {
        if highest <= 0.0 || !highest.is_finite() {
            return Self::Linear(1.0);
        }
        let step = round_step(highest / 4.0);
        Self::Linear((highest / step - 1e-9).ceil().max(1.0) * step)
    }

    /// From a 1, 2 or 5 at or below the lowest to one at or above the highest value.
    pub(super) fn log(lowest: f64, highest: f64) -> Self {
        let low = round_below(lowest.max(1e-9));
        Self::Log(low, round_step(highest.max(low * 10.0)))
    }

    /// Where a value is: 0 at the bottom and 1 at the top.
    pub(super) fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear(top) => (value / top).clamp(0.0, 1.0),
            Self::Log(low, top) => ((value.max(low) / low).ln() / (top / low).ln()).clamp(0.0, 1.0),
        }
    }

    /// The values that get a label, from the lowest: at most seven.
    pub(super) fn ticks(self) -> Vec<f64> {
        match self {
            Self::Linear(top) => {
                let step = round_step(top / 4.0 * (1.0 - 1e-9));
                (0..=6).map(|tick| f64::from(tick) * step).take_while(|tick| *tick <= top * (1.0 + 1e-9)).collect()
            }
            Self::Log(low, top) => {
                let mut ticks = round_values(low, top);
                // Fewer of each power of ten, then fewer of these.
                if ticks.len() > 7 {
                    ticks.retain(|tick| is_power_of_ten(*tick));
                }
                while ticks.len() > 7 {
                    ticks = ticks.into_iter().step_by(2).collect();
                }
                ticks
            }
        }
    }
}

/// The numbers 1, 2 and 5 times a power of ten from one value to another.
pub(super) fn round_values(low: f64, top: f64) -> Vec<f64> {
    let mut values = Vec::new();
    let mut decade = 10f64.powf(low.log10().floor());
    while decade <= top * (1.0 + 1e-9) && values.len() < 64 {
        values.extend([1.0, 2.0, 5.0].map(|of| of * decade));
        decade *= 10.0;
    }
    values.retain(|value| *value >= low * (1.0 - 1e-9) && *value <= top * (1.0 + 1e-9));
    values
}

pub(super) fn is_power_of_ten(value: f64) -> bool {
    let power = value.log10();
    (power - power.round()).abs() < 1e-6
}

/// The largest of 1, 2 and 5 times a power of ten that is not above the value.
fn round_below(value: f64) -> f64 {
    let decade = 10f64.powf(value.log10().floor());
    [5.0, 2.0].map(|of| of * decade).into_iter().find(|step| *step <= value * (1.0 + 1e-9)).unwrap_or(decade)
}

/// The least of 1, 2 and 5 times a power of ten that is not below the value.
fn round_step(value: f64) -> f64 {
    let decade = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0]
        .map(|of| of * decade)
        .into_iter()
        .find(|step| *step >= value * (1.0 - 1e-9))
        .unwrap_or(10.0 * decade)
}

/// The moments that get a label on a time axis that ends at `end`, from zero: at most `most` and the first.
pub(super) fn moments(end: Duration, most: u32) -> Vec<Duration> {
    let seconds = end.as_secs_f64();
    let days = f64::from(86_400);
    let fits = |step: &f64| seconds / step <= f64::from(most);
    let step = STEPS.into_iter().map(f64::from).find(fits);
    let step = step.unwrap_or_else(|| round_step(seconds / days / f64::from(most)) * days);
    let mut moments = Vec::new();
    let mut moment = 0.0;
    while moment <= seconds + 1e-9 {
        moments.push(Duration::from_secs_f64(moment));
        moment += step;
    }
    moments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn linear_axes_begin_at_zero_and_end_at_a_round_number() {
        for (highest, top, ticks) in [
            (0.0, 1.0, vec![0.0, 0.5, 1.0]),
            (1.0, 1.0, vec![0.0, 0.5, 1.0]),
            (182.0, 200.0, vec![0.0, 50.0, 100.0, 150.0, 200.0]),
            (200.0, 200.0, vec![0.0, 50.0, 100.0, 150.0, 200.0]),
            (201.0, 300.0, vec![0.0, 100.0, 200.0, 300.0]),
        ] {
            let scale = Scale::linear(highest);
            assert_eq!(scale, Scale::Linear(top), "{highest}");
            assert_eq!(scale.ticks(), ticks, "{highest}");
        }
    }

    #[test]
    fn logarithmic_axes_begin_and_end_at_round_numbers() {
        let scale = Scale::log(730.0, 61_000.0);
        assert_eq!(scale, Scale::Log(500.0, 100_000.0));
        assert_eq!(scale.ticks(), [1000.0, 10_000.0, 100_000.0], "eight would be too many");
        assert_eq!(Scale::log(1000.0, 9000.0).ticks(), [1000.0, 2000.0, 5000.0, 10_000.0]);
    }

    #[test]
    fn time_axes_have_times_that_people_count_in() {
        let seconds = |end: u64| moments(Duration::from_secs(end), 6).iter().map(Duration::as_secs).collect::<Vec<_>>();
        assert_eq!(seconds(0), [0]);
        assert_eq!(seconds(5), [0, 1, 2, 3, 4, 5]);
        assert_eq!(seconds(300), [0, 60, 120, 180, 240, 300]);
        assert_eq!(seconds(400), [0, 120, 240, 360]);
        assert_eq!(seconds(30 * 86_400), [0, 5, 10, 15, 20, 25, 30].map(|days| days * 86_400));
    }

    proptest! {
        #[test]
        fn every_value_has_its_place(low in 1e-3f64..1e9, factor in 1.0f64..1e6, share in 0.0f64..1.0) {
            let high = low * factor;
            let value = low + (high - low) * share;
            for scale in [Scale::linear(high), Scale::log(low, high)] {
                let place = scale.place(value);
                prop_assert!((0.0..=1.0).contains(&place));
                prop_assert!(scale.place(high) >= place && scale.place(low) <= place);
                let ticks = scale.ticks();
                prop_assert!((1..=7).contains(&ticks.len()), "{scale:?} {ticks:?}");
                prop_assert!(ticks.is_sorted());
                let (bottom, top) = match scale { Scale::Linear(top) => (0.0, top), Scale::Log(low, top) => (low, top) };
                prop_assert!(bottom <= low * (1.0 + 1e-6) && top >= high * (1.0 - 1e-6), "{scale:?} for {low} to {high}");
            }
        }

        #[test]
        fn time_axes_are_not_crowded(seconds in 0u64..100_000_000, most in 2u32..10) {
            let moments = moments(Duration::from_secs(seconds), most);
            prop_assert!(!moments.is_empty() && moments.len() <= most as usize + 1);
            prop_assert!(moments.iter().all(|moment| moment.as_secs() <= seconds));
        }
    }
}
