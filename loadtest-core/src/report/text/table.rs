//! Tables of text, no wider than the terminal.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The least width of the first column, for which other columns are left out.
const NAMES: usize = 24;
/// The largest width of the first column.
const LONGEST_NAME: usize = 120;

/// A table of text: the first column to the left and cut to fit, the others to the right.
pub(super) struct Table {
    header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// The columns that can be left out, the first to go first; after them go the last columns.
    spare: &'static [&'static str],
    /// A line before the last row, which sums up the others.
    pub(super) total: bool,
}

impl Table {
    pub(super) fn new(header: &[&str], spare: &'static [&'static str]) -> Self {
        Self { header: header.iter().map(|&cell| cell.to_owned()).collect(), rows: Vec::new(), spare, total: false }
    }

    /// The width of each column.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.header.iter().map(|cell| cell.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        widths
    }

    /// Leaves out columns until the names have room; gives the names of those that are gone.
    fn fit(&mut self, width: usize) -> Vec<String> {
        let all = self.header.clone();
        let mut spare = self.spare.iter();
        loop {
            let widths = self.widths();
            let others: usize = widths[1..].iter().map(|width| width + 2).sum();
            if others + widths[0].min(NAMES) <= width || widths.len() <= 2 {
                // As they would stand in the table.
                return all.into_iter().filter(|name| !self.header.contains(name)).collect();
            }
            let position = |name: &&str| self.header.iter().skip(1).position(|cell| cell == name).map(|at| at + 1);
            // A column of dashes says least of all.
            let is_empty = |column: &usize| self.rows.iter().all(|row| row[*column] == "-");
            let column = (1..widths.len()).find(is_empty).or_else(|| spare.by_ref().find_map(position));
            let column = column.unwrap_or(widths.len() - 1);
            self.header.remove(column);
            for row in &mut self.rows {
                row.remove(column);
            }
        }
    }

    /// Without anything below that says what is left out: there is no room for it in what is redrawn.
    #[cfg(any(feature = "cli", test))]
    pub(super) fn render_live(mut self, width: usize) -> String {
        self.fit(width);
        self.draw(width)
    }

    /// As wide as the terminal at most; below stands what had no room.
    pub(super) fn render(mut self, width: usize) -> String {
        let gone = self.fit(width);
        let mut out = self.draw(width);
        if !gone.is_empty() {
            let note = format!("(too narrow for: {}; --csv and --json-file have all)\n", gone.join(", "));
            out += &wrapped(&note, width);
        }
        out
    }

    fn draw(self, width: usize) -> String {
        let mut widths = self.widths();
        let others: usize = widths[1..].iter().map(|width| width + 2).sum();
        widths[0] = widths[0].min(width.saturating_sub(others).clamp(NAMES, LONGEST_NAME));
        let mut out = String::new();
        let line = |out: &mut String, row: &[String]| {
            // Not by the formatter, which counts characters: some are two columns wide.
            let name = shorten(&row[0], widths[0]);
            out.push_str(&name);
            pad(out, widths[0].saturating_sub(name.width()));
            for (cell, width) in row.iter().zip(&widths).skip(1) {
                pad(out, width + 2 - cell.width());
                out.push_str(cell);
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        };
        let rule = "-".repeat(widths[0] + others);
        line(&mut out, &self.header);
        let _ = writeln!(out, "{rule}");
        for (index, row) in self.rows.iter().enumerate() {
            if self.total && index + 1 == self.rows.len() {
                let _ = writeln!(out, "{rule}");
            }
            line(&mut out, row);
        }
        out
    }
}

fn pad(out: &mut String, spaces: usize) {
    out.extend(std::iter::repeat_n(' ', spaces));
}

/// The longest beginning that is not wider.
pub(super) fn beginning(text: impl Iterator<Item = char>, width: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= width
    };
    text.take_while(fits).collect()
}

/// Cuts the middle out of a text that is too long: both ends of a path say what it is.
pub(super) fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let keep = width.saturating_sub(1);
    let tail = keep / 2;
    let head = beginning(text.chars(), keep - tail);
    let tail: String = beginning(text.chars().rev(), tail).chars().rev().collect();
    format!("{head}…{tail}")
}

/// The same lines, those that are wider than the terminal cut between words and indented like the first part: else it would
/// cut them anywhere.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut rest = line.trim_end_matches('\n');
        let spaces = rest.len() - rest.trim_start_matches(' ').len();
        let indent = if spaces + 24 < width { spaces + 2 } else { 0 };
        let mut room = width.max(8);
        while rest.width() > room {
            let fits = beginning(rest.chars(), room);
            // After the last space, unless that would be the indentation.
            let is_whole = rest[fits.len()..].starts_with(' ');
            let space = fits.trim_end_matches(' ').rfind(' ').map(|at| at + 1);
            let cut = if is_whole { Some(fits.len()) } else { space.filter(|at| *at > spaces && *at > room / 3) };
            let cut = cut.unwrap_or_else(|| fits.len().max(rest.chars().next().map_or(1, char::len_utf8)));
            let (part, after) = rest.split_at(cut);
            out.push_str(part.trim_end_matches(' '));
            out.push('\n');
            pad(&mut out, indent);
            rest = after.trim_start_matches(' ');
            room = width.max(8) - indent.min(width.max(8) - 8);
        }
        out.push_str(rest);
        if line.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shorten("/remote.php/dav/files/user/file", 12), "/remot…/file");
        assert_eq!(shorten("/short", 12), "/short");
        assert_eq!(shorten("/検索/日本語の文書", 12), "/検索/…文書");
    }

    #[test]
    fn a_table_fits_its_width() {
        let mut table = Table::new(&["Request", "ok"], &[]);
        table.rows.push(vec!["GET /a/very/long/path/that/goes/on".to_owned(), "12".to_owned()]);
        table.rows.push(vec!["GET /検索".to_owned(), "3".to_owned()]);
        let text = table.render(30);
        assert_eq!(
            text,
            "Request                     ok\n\
             ------------------------------\n\
             GET /a/very/l…that/goes/on  12\n\
             GET /検索                    3\n"
        );
    }

    #[test]
    fn a_table_that_is_too_wide_leaves_out_columns_and_says_so() {
        let header = ["Request (ms)", "ok", "min", "p50", "received"];
        for (width, columns) in [(80, 5), (52, 5), (45, 4), (39, 3), (30, 2), (10, 2)] {
            let mut table = Table::new(&header, &["received", "min"]);
            let row = ["GET /articles/[id]/comments", "12", "1.25", "3.70", "120 MiB"].map(str::to_owned).to_vec();
            table.rows.push(row.clone());
            let text = table.render(width);
            let shown = text.lines().next().unwrap();
            assert_eq!(shown.split("  ").filter(|cell| !cell.trim().is_empty()).count(), columns, "{width}:\n{text}");
            assert!(width < 30 || text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
            assert_eq!(text.contains("too narrow for: min, received;"), columns == 3, "{text}");
            assert!(width < 30 || text.contains("too narrow for: ") == (columns < 5), "{text}");
            let mut live = Table::new(&header, &["received", "min"]);
            live.rows.push(row);
            assert_eq!(live.render_live(width).lines().count(), 3);
        }
    }

    #[test]
    fn lines_are_cut_between_words() {
        let text = "short\n       1x  GET /a: connection refused by somebody else\n";
        assert_eq!(wrapped(text, 40), "short\n       1x  GET /a: connection refused by\n         somebody else\n");
        assert_eq!(wrapped("a\u{65e5}\u{65e5}\u{65e5}\u{65e5}", 8), "a\u{65e5}\u{65e5}\u{65e5}\n\u{65e5}");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_too_wide(text in "[ a-z\u{65e5}\n]{0,200}", width in 30usize..100) {
            let cut = wrapped(&text, width);
            prop_assert!(cut.lines().all(|line| line.width() <= width), "{cut}");
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&cut), letters(&text));
            prop_assert_eq!(wrapped(&text, usize::MAX), text);
        }
    }
}
