//! The figures of one run, and what several rounds say together.

/// What a tool told of its run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Requests answered.
    pub requests: f64,
    /// Requests answered per second.
    pub rate: f64,
    /// CPU seconds of the stretch in which those requests were made, where the tool knows them itself.
    pub cpu_seconds: Option<f64>,
    /// Half of the requests took at most this many microseconds.
    pub p50: Option<f64>,
    /// 99 of 100 requests took at most this many microseconds.
    pub p99: Option<f64>,
}

/// The figures of one client in one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Requests per second.
    pub rate: f64,
    /// CPU microseconds per request.
    pub cpu: f64,
    /// The median time of a request in microseconds.
    pub p50: Option<f64>,
    /// The 99th percentile in microseconds.
    pub p99: Option<f64>,
    /// How busy the server's core was, 0 to 1.
    pub server: f64,
}

impl Figures {
    /// From what the tool told, and from the CPU seconds of its whole process where it does not know better.
    #[must_use]
    pub fn new(told: &Told, process_cpu: f64, server: f64) -> Self {
        let cpu = told.cpu_seconds.unwrap_or(process_cpu) / told.requests * 1e6;
        Self { rate: told.rate, cpu, p50: told.p50, p99: told.p99, server }
    }
}

/// Several rounds in one: the median and both ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The value in the middle; of an even number of values the mean of both.
    pub median: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

impl Spread {
    /// `None` without values.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let (low, high) = (*values.get((values.len() - 1) / 2)?, *values.get(values.len() / 2)?);
        Some(Self { median: f64::midpoint(low, high), min, max })
    }
}

/// All rounds of one client: figures, or why there are none.
pub type Rounds = Vec<Result<Figures, String>>;

/// One figure of all rounds that have it.
#[must_use]
pub fn spread(rounds: &Rounds, figure: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
    Spread::of(rounds.iter().filter_map(|round| figure(round.as_ref().ok()?)))
}

/// One figure as ratio to the same figure of another client **in the same round**: only clients that were measured
/// within the same minute are compared.
#[must_use]
pub fn ratio(rounds: &Rounds, reference: &Rounds, figure: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
    Spread::of(rounds.iter().zip(reference).filter_map(|(one, other)| {
        let (one, other) = (figure(one.as_ref().ok()?)?, figure(other.as_ref().ok()?)?);
        (other > 0.0).then_some(one / other)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(rate: f64) -> Result<Figures, String> {
        Ok(Figures { rate, cpu: 1.0, p50: None, p99: None, server: 0.0 })
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(Spread::of([4.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 4.0 }));
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).map(|spread| spread.median), Some(2.5));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn ratios_are_taken_round_by_round_and_leave_out_what_is_missing() {
        let ours = vec![round(10.0), round(30.0), Err("gone".to_owned()), round(9.0)];
        let wrk = vec![round(20.0), round(10.0), round(1.0), Err("gone".to_owned())];
        let spread = ratio(&ours, &wrk, |figures| Some(figures.rate)).unwrap();
        assert_eq!((spread.min, spread.max, spread.median), (0.5, 3.0, 1.75));
        assert_eq!(ratio(&ours, &wrk, |figures| figures.p50), None);
    }

    #[test]
    fn the_cpu_of_a_stretch_is_preferred_to_that_of_the_process() {
        let mut told = Told { requests: 1e6, rate: 1.0, cpu_seconds: None, p50: None, p99: None };
        assert_eq!(Figures::new(&told, 3.0, 0.0).cpu, 3.0);
        told.cpu_seconds = Some(2.0);
        assert_eq!(Figures::new(&told, 3.0, 0.0).cpu, 2.0);
    }
}
