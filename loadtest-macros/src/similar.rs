//! Near misses: which known word was meant.

/// The known word that `word` is most likely a misspelling of.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .filter_map(|candidate| {
            let distance = if contains_the_other(word, candidate) { 1 } else { near_miss(word, candidate)? };
            Some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many slips of the keyboard lie between the two, when they are few for words of this length.
///
/// Underscores and case do not count: `setUp`, `set_up` and `setup_` are all no slip away from `setup`.
pub(crate) fn near_miss(word: &str, known: &str) -> Option<usize> {
    let (word, known) = (plain(word), plain(known));
    let distance = slips(&word, &known);
    // Many good names are two slips from each other: `step` and `setup`, `restart` and `on_start`.
    let few = if known.len() <= 5 || word.first() != known.first() { 1 } else { 2 };
    (distance <= few).then_some(distance)
}

fn contains_the_other(word: &str, known: &str) -> bool {
    let (word, known) = (word.to_ascii_lowercase(), known.to_ascii_lowercase());
    (word.len() >= 4 && known.contains(&word)) || (known.len() >= 4 && word.contains(&known))
}

fn plain(word: &str) -> Vec<char> {
    word.chars().filter(|char| *char != '_').map(|char| char.to_ascii_lowercase()).collect()
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut best = (above[j] + usize::from(from != to)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == *to {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = above;
        above = row;
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (word, known, expected) in [
            ("on_strat", "on_start", Some(1)),
            ("onstart", "on_start", Some(0)),
            ("setUp", "setup", Some(0)),
            ("on_stop_", "on_stop", Some(0)),
            ("tear_down", "teardown", Some(0)),
            ("teerdwn", "teardown", Some(2)),
            ("step", "setup", None),
            ("stop", "setup", None),
            ("restart", "on_start", None),
            ("no_start", "on_start", Some(1)),
            ("checkout", "teardown", None),
            ("", "setup", None),
        ] {
            assert_eq!(near_miss(word, known), expected, "{word} and {known}");
        }
    }

    #[test]
    fn the_closest_word_is_proposed() {
        let known = ["wait_time", "weight", "host", "name", "crate"];
        for (word, expected) in
            [("wait", Some("wait_time")), ("wieght", Some("weight")), ("hots", Some("host")), ("colour", None)]
        {
            assert_eq!(closest(word, known), expected, "{word}");
        }
    }
}
