//! How far off is too far.

use super::seen::{FIGURES, Seen};

/// Runs of which one may be off: what a machine's other work does to one run says nothing about the tool.
const GOOD_SHARE: f64 = 0.9;

/// By how many microseconds a figure may differ from the truth; `None` for figures that are only shown.
#[must_use]
pub fn tolerance(figure: &str, truth: f64) -> Option<f64> {
    match figure {
        "p50" | "p75" | "p90" | "p95" | "p99" => Some((0.02 * truth).max(200.0)),
        "p99.9" => Some((0.05 * truth).max(1000.0)),
        _ => None,
    }
}

/// Which figures are missing or off, with the count.
#[must_use]
pub fn off(seen: &Seen, truth: &Seen) -> Vec<String> {
    let mut off = Vec::new();
    if seen.count != truth.count {
        off.push(format!("{} requests instead of {}", seen.count, truth.count));
    }
    for figure in FIGURES {
        let (seen, truth) = (seen.time(figure), truth.time(figure).unwrap_or_default());
        let Some(tolerance) = tolerance(figure, truth) else { continue };
        if seen.is_none_or(|seen| (seen - truth).abs() > tolerance) {
            let seen = seen.map_or_else(|| "nothing".to_owned(), |seen| format!("{:.2} ms", seen / 1000.0));
            off.push(format!("{figure} {seen} instead of {:.2} ms", truth / 1000.0));
        }
    }
    off
}

/// Which response times are missing or off from what was calculated. Of the requests a few may be missing: those of users
/// who began a moment after they were first due.
#[must_use]
pub fn off_analytic(seen: &Seen, analytic: &Seen) -> Vec<String> {
    let mut off = Vec::new();
    if (seen.count - analytic.count).abs() > 0.005 * analytic.count {
        off.push(format!("{} requests instead of {}", seen.count, analytic.count));
    }
    for figure in FIGURES {
        let Some(expected) = analytic.time(figure) else { continue };
        if seen.time(figure).is_none_or(|seen| (seen - expected).abs() > 0.05 * expected) {
            let seen = seen.time(figure).unwrap_or_default() / 1000.0;
            off.push(format!("{figure} {seen:.2} ms instead of {:.2} ms", expected / 1000.0));
        }
    }
    off
}

/// Whether so many good runs are enough.
#[must_use]
pub fn enough(good: usize, runs: usize) -> bool {
    runs > 0 && good as f64 >= (GOOD_SHARE * runs as f64).ceil()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(count: f64, factor: f64, plus: f64) -> Seen {
        Seen::new(count, FIGURES.map(|figure| (figure, 50_000.0 * factor + plus)))
    }

    #[test]
    fn two_percent_are_within_and_more_are_off() {
        let truth = seen(100.0, 1.0, 0.0);
        assert_eq!(off(&seen(100.0, 1.019, 0.0), &truth), Vec::<String>::new());
        assert_eq!(off(&seen(100.0, 0.979, 0.0), &truth).len(), 5);
        assert_eq!(off(&seen(100.0, 1.06, 0.0), &truth).len(), 6);
        assert_eq!(off(&seen(99.0, 1.0, 0.0), &truth), ["99 requests instead of 100"]);
        assert_eq!(off(&Seen::new(100.0, [("p50", 50_000.0)]), &truth).len(), 5);
    }

    #[test]
    fn of_short_times_it_is_microseconds() {
        let (truth, late) = (seen(1.0, 0.0, 500.0), seen(1.0, 0.0, 699.0));
        assert_eq!(off(&late, &truth), Vec::<String>::new());
        assert_eq!(off(&seen(1.0, 0.0, 701.0), &truth).len(), 5);
        assert_eq!(off(&seen(1.0, 0.0, 1501.0), &truth).len(), 6);
    }

    #[test]
    fn calculated_times_are_met_within_five_percent() {
        let expected = seen(1.0, 1.0, 0.0);
        assert_eq!(off_analytic(&seen(1.0, 1.049, 0.0), &expected), Vec::<String>::new());
        assert_eq!(off_analytic(&seen(1.0, 1.051, 0.0), &expected).len(), FIGURES.len());
    }

    #[test]
    fn nine_of_ten_are_enough() {
        assert!(enough(9, 10) && enough(2, 2) && enough(10, 10));
        assert!(!enough(8, 10) && !enough(1, 2) && !enough(0, 0));
    }
}
