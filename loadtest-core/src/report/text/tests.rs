use super::*;

#[test]
fn long_names_lose_their_middle() {
    assert_eq!(shorten("/remote.php/dav/files/user/file", 12), "/remot…/file");
    assert_eq!(shorten("/short", 12), "/short");
}

#[test]
fn shares_never_hide_the_exception() {
    assert_eq!(percent(0.0), "0.00%");
    assert_eq!(percent(0.000_001), "<0.01%");
    assert_eq!(percent(0.999_999), ">99.99%");
    assert_eq!(percent(1.0), "100.00%");
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    assert_eq!(clean("a\u{1b}[2Jb\r\nc"), "a [2Jb  c");
}

#[test]
fn a_table_fits_its_width() {
    let mut table = Table::new(&["Request", "ok"], &[]);
    table.rows.push(vec!["GET /a/very/long/path/that/goes/on".to_owned(), "12".to_owned()]);
    table.rows.push(vec!["GET /".to_owned(), "3".to_owned()]);
    let text = table.render(30);
    assert_eq!(
        text,
        "Request                     ok\n\
         ------------------------------\n\
         GET /a/very/l…that/goes/on  12\n\
         GET /                        3\n"
    );
}

#[test]
fn a_table_that_is_too_wide_leaves_out_columns() {
    let header = ["Request (ms)", "ok", "min", "p50", "received"];
    for (width, columns) in [(80, 5), (52, 5), (45, 4), (39, 3), (10, 3)] {
        let mut table = Table::new(&header, &["received", "min"]);
        table.rows.push(["GET /articles/[id]/comments", "12", "1.25", "3.70", "120 MiB"].map(str::to_owned).to_vec());
        table.fit(width);
        let text = table.render(width);
        let header = text.lines().next().unwrap();
        assert_eq!(header.split("  ").filter(|cell| !cell.trim().is_empty()).count(), columns, "{width}:\n{text}");
        assert!(width < 30 || text.lines().all(|line| line.chars().count() <= width), "{width}:\n{text}");
    }
}
