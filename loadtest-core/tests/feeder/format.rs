//! CSV that is written in another way, and any bytes at all.

use std::collections::HashMap;

use loadtest_core::{CsvFormat, Feeder, InputError};
use proptest::prelude::*;

type Row = Vec<String>;

fn read(content: &str, format: CsvFormat) -> Result<Feeder<Row>, InputError> {
    Feeder::csv_from_reader("rows", content.as_bytes(), format)
}

#[test]
fn delimiter_quote_comment_and_spaces_are_chosen() {
    let plain = CsvFormat::new().header(false);
    for (content, format, expected) in [
        ("a;b,c", plain.delimiter(b';'), ["a", "b,c"]),
        ("a\tb c", plain.delimiter(b'\t'), ["a", "b c"]),
        ("'a,\"','''b'", plain.quote(b'\''), ["a,\"", "'b"]),
        ("# one\n#\"two\na,#b\n# three", plain.comment(b'#'), ["a", "#b"]),
        (" a , b", plain.trim(true), ["a", "b"]),
        ("x not\na,b\nx not", plain.comment(b'x'), ["a", "b"]),
        ("axb", plain.delimiter(b'x'), ["a", "b"]),
        ("xax,xbx", plain.quote(b'x'), ["a", "b"]),
    ] {
        assert_eq!(read(content, format).unwrap().rows(), [expected], "{content:?}");
    }
}

#[test]
fn names_of_columns_are_trimmed_too() {
    let format = CsvFormat::new().trim(true);
    let rows: Feeder<HashMap<String, u8>> = Feeder::csv_from_reader("rows", &b"a, b\n1, 2\n"[..], format).unwrap();
    assert_eq!(rows.rows()[0]["b"], 2);
}

#[test]
fn lines_are_counted_past_comments_and_without_a_header() {
    let format = CsvFormat::new().comment(b'#').header(false);
    let error = read("# one\na,b\r\n\r\n# two\r\n# three\r\na\r\n", format).unwrap_err().to_string();
    assert!(error.starts_with("rows, line 6 has 1 field, the first row has 2"), "{error}");
    let error = Feeder::<(u8, u8)>::csv_from_reader("rows", &b"#\n1,x\n"[..], format).unwrap_err().to_string();
    assert!(error.starts_with("rows, line 2, field 2: `x` is no whole number"), "{error}");
    let error = Feeder::<(u8, u8, u8)>::csv_from_reader("rows", &b"1,2\n"[..], format).unwrap_err().to_string();
    assert_eq!(error, "rows, line 1: invalid length 2, expected a tuple of size 3");
}

#[test]
fn a_format_that_contradicts_itself_is_refused() {
    for format in [
        CsvFormat::new().delimiter(b'"'),
        CsvFormat::new().comment(b','),
        CsvFormat::new().quote(b'\n'),
        CsvFormat::new().delimiter(0xa7),
    ] {
        let error = read("a,b\n1,2\n", format).unwrap_err().to_string();
        assert!(error.contains("three different ASCII characters"), "{error}");
    }
}

#[test]
fn values_that_are_no_numbers_or_truths_are_told() {
    let read = |content: &'static str| {
        Feeder::<(f64, bool)>::csv_from_reader("rows", content.as_bytes(), CsvFormat::new()).unwrap_err().to_string()
    };
    assert_eq!(read("x,y\nhalf,true"), "rows, line 2, column `x`: `half` is no number; write one such as 0.5");
    assert_eq!(read("x,y\n0.5,yes"), "rows, line 2, column `y`: `yes` is no truth value; write true or false");
    let long = "1".repeat(70) + "x";
    let error = Feeder::<f64>::csv_from_reader("rows", format!("x\n{long}").as_bytes(), CsvFormat::new()).unwrap_err();
    assert!(error.to_string().contains(&format!("`{}…` is no number", "1".repeat(60))), "{error}");
}

/// As RFC 4180 says, every field in quotes.
fn written(rows: &[Row], end: &str) -> String {
    let field = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
    rows.iter().map(|row| row.iter().map(field).collect::<Vec<_>>().join(",") + end).collect()
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rows in (1usize..4).prop_flat_map(|width| {
            prop::collection::vec(prop::collection::vec("[ -~\r\n\u{e4}#x]{0,6}", width..=width), 1..8)
        }),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let feeder = read(&written(&rows, end), CsvFormat::new().header(false)).unwrap();
        prop_assert_eq!(feeder.rows(), &rows[..]);
    }

    #[test]
    fn the_line_of_a_wrong_row_is_that_of_an_editor(
        before in prop::collection::vec(prop::sample::select(vec!["\n", "a,b\n", "\"\n\",b\n", "#c\n"]), 0..8),
        crlf: bool,
    ) {
        let content = format!("a,b\n{}wrong\n", before.concat());
        let line = content.lines().count();
        let content = if crlf { content.replace('\n', "\r\n") } else { content };
        let error = read(&content, CsvFormat::new().comment(b'#').header(false)).unwrap_err().to_string();
        prop_assert!(error.starts_with(&format!("rows, line {line} has 1 field")), "{error} in {content:?}");
    }

    #[test]
    fn no_bytes_panic(content in prop::collection::vec(
        prop::sample::select(b"\",\n\r#x\xff\xfe\xef\xbb\xbf[{1:} a".to_vec()), 0..40,
    )) {
        let format = CsvFormat::new().comment(b'#');
        for result in [
            Feeder::<Row>::csv_from_reader("rows", &content[..], format).map(|_| ()),
            Feeder::<HashMap<String, String>>::csv_from_reader("rows", &content[..], format).map(|_| ()),
            Feeder::<(u8, String)>::json_lines_from_reader("rows", &content[..]).map(|_| ()),
        ] {
            if let Err(error) = result {
                prop_assert!(error.to_string().starts_with("rows"), "{error}");
            }
        }
    }
}
