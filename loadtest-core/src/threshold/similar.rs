//! Near misses: which known word or name was meant.

/// Names are compared by so many characters: the cost grows with the square of it, and a run has thousands.
const COMPARED: usize = 64;

/// The known texts of which `word` is most likely a slip of the keyboard, the nearest first.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let plain_word = plain(word);
    let mut found: Vec<_> = known
        .into_iter()
        .filter_map(|known| {
            let plain_known = plain(known);
            let few = if plain_known.len().min(plain_word.len()) <= 3 { 1 } else { 2.max(plain_known.len() / 5) };
            let distance = slips(&plain_word, &plain_known);
            (distance <= few).then_some((distance, known))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(most);
    found.into_iter().map(|(_, known)| known).collect()
}

/// Case and underscores do not count.
fn plain(text: &str) -> Vec<char> {
    text.chars().filter(|char| *char != '_').take(COMPARED).map(|char| char.to_ascii_lowercase()).collect()
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
    fn the_nearest_is_proposed_and_nothing_far_away() {
        let known = ["fail_ratio", "failed", "rps", "count", "GET /cart", "GET /card", "POST /login"];
        for (word, expected) in [
            ("fail_rato", &["fail_ratio"][..]),
            ("FailRatio", &["fail_ratio"]),
            ("get /cart", &["GET /cart", "GET /card"]),
            ("GET /crat", &["GET /cart", "GET /card"]),
            ("rsp", &["rps"]),
            ("colour", &[]),
            ("", &[]),
        ] {
            assert_eq!(nearest(word, known, 3), expected, "{word}");
        }
    }
}
