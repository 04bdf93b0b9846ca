//! Tables: the first column stays in sight, all others are numbers unless they say otherwise. The script sorts them.

use super::figures::NONE;
use super::markup::{Page, Text, put};

/// One cell.
#[derive(Debug, Default)]
pub(super) struct Cell {
    /// What is shown, as markup.
    html: String,
    /// What it is sorted by, where the shown text is no plain number.
    sort: Option<f64>,
    class: &'static str,
}

impl Cell {
    /// Of text of ours that needs no escaping, such as a number.
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { html: text.into(), ..Self::default() }
    }

    /// Of foreign text.
    pub(super) fn text(text: &str) -> Self {
        Self { html: format!("<bdi>{}</bdi>", Text(text)), class: "t", ..Self::default() }
    }

    /// Of markup that is escaped already, read from left to right.
    pub(super) fn markup(html: String) -> Self {
        Self { html, class: "t", ..Self::default() }
    }

    pub(super) fn sorted_by(self, sort: f64) -> Self {
        Self { sort: Some(sort), ..self }
    }

    /// With a colour of its own.
    pub(super) fn marked(self, class: &'static str, is_marked: bool) -> Self {
        if is_marked { Self { class, ..self } } else { self }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

/// The head of a column, and what it means for those who do not know.
pub(super) type Head = (&'static str, &'static str);

/// A table that is being made.
#[derive(Debug)]
pub(super) struct Table {
    label: &'static str,
    heads: Vec<Head>,
    rows: Vec<Vec<Cell>>,
    foot: Option<Vec<Cell>>,
    /// Columns that hold text.
    texts: usize,
}

impl Table {
    /// The first column holds text.
    pub(super) fn new(label: &'static str, heads: impl Into<Vec<Head>>) -> Self {
        Self { label, heads: heads.into(), rows: Vec::new(), foot: None, texts: 1 }
    }

    /// So many of the first columns hold text.
    pub(super) fn with_texts(self, texts: usize) -> Self {
        Self { texts, ..self }
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The row that sums up the others and stays below them.
    pub(super) fn foot(&mut self, cells: Vec<Cell>) {
        self.foot = Some(cells);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.foot.is_none()
    }

    pub(super) fn write(&self, page: &mut Page) {
        let label = self.label;
        put!(page, "<div class=\"scroll\" role=\"region\" aria-label=\"{label}\" tabindex=\"0\">");
        put!(page, "<table data-label=\"{label}\"><thead><tr>");
        for (column, (head, hint)) in self.heads.iter().enumerate() {
            put!(page, "<th scope=\"col\"");
            if column < self.texts {
                put!(page, " class=\"t\"");
            }
            if !hint.is_empty() {
                put!(page, " title=\"{hint}\"");
            }
            put!(page, ">{head}</th>");
        }
        put!(page, "</tr></thead><tbody>\n");
        for row in &self.rows {
            write_row(row, page);
        }
        put!(page, "</tbody>");
        if let Some(foot) = &self.foot {
            put!(page, "<tfoot>\n");
            write_row(foot, page);
            put!(page, "</tfoot>");
        }
        put!(page, "</table></div>\n");
    }
}

fn write_row(row: &[Cell], page: &mut Page) {
    put!(page, "<tr>");
    for (column, cell) in row.iter().enumerate() {
        let tag = if column == 0 { "th" } else { "td" };
        put!(page, "<{tag}");
        if column == 0 {
            put!(page, " scope=\"row\"");
        }
        if !cell.class.is_empty() {
            put!(page, " class=\"{}\"", cell.class);
        } else if cell.html == NONE || cell.html == "0" {
            put!(page, " class=\"z\"");
        }
        if let Some(sort) = cell.sort {
            put!(page, " data-v=\"{sort}\"");
        }
        put!(page, ">{}</{tag}>", cell.html);
    }
    put!(page, "</tr>\n");
}
