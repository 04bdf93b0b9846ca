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
fn near_miss(word: &str, known: &str) -> Option<usize> {
    few_slips(word, known, 5, 1)
}

/// The same for a word that may well be meant: another letter makes another word, as in `on_step` and `set_ip`, and
/// counts twice.
pub(crate) fn slip(word: &str, known: &str) -> Option<usize> {
    few_slips(word, known, 6, 2)
}

/// At most one slip in known words of up to `short` letters, else two.
fn few_slips(word: &str, known: &str, short: usize, replacement: usize) -> Option<usize> {
    let (word, known) = (plain(word), plain(known));
    let distance = slips(&word, &known, replacement);
    // Many good names are two slips from each other: `step` and `setup`, `restart` and `on_start`.
    let few = if known.len() <= short || word.first() != known.first() { 1 } else { 2 };
    (distance <= few).then_some(distance)
}

fn contains_the_other(word: &str, known: &str) -> bool {
    let (word, known) = (word.to_ascii_lowercase(), known.to_ascii_lowercase());
    (word.len() >= 4 && known.contains(&word)) || (known.len() >= 4 && word.contains(&known))
}

fn plain(word: &str) -> Vec<char> {
    word.chars().filter(|char| *char != '_').map(|char| char.to_ascii_lowercase()).collect()
}

/// Insertions, deletions and swaps of neighbours, each one slip, and replacements, which count as many as is said
/// (optimal string alignment).
fn slips(a: &[char], b: &[char], replacement: usize) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut best = (above[j] + if from == to { 0 } else { replacement }).min(above[j + 1] + 1).min(row[j] + 1);
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
    fn another_letter_in_a_short_name_is_no_slip() {
        for (word, known, expected) in [
            ("set_ip", "setup", None),
            ("on_step", "on_stop", None),
            ("on_shop", "on_stop", None),
            ("on_swap", "on_stop", None),
            ("on_stage", "on_start", None),
            ("step", "setup", None),
            ("restart", "on_start", None),
            ("set_up", "setup", Some(0)),
            ("onstart", "on_start", Some(0)),
            ("tear_down", "teardown", Some(0)),
            ("on_strat", "on_start", Some(1)),
            ("on_stpo", "on_stop", Some(1)),
            ("on_stopp", "on_stop", Some(1)),
            ("setpu", "setup", Some(1)),
            ("on_stert", "on_start", Some(2)),
            ("on_started", "on_start", Some(2)),
        ] {
            assert_eq!(slip(word, known), expected, "{word} and {known}");
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
