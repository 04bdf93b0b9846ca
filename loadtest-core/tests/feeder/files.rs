//! Files that are read, and files that are refused: before any load, with the place and what to write instead.

use std::collections::HashMap;
use std::path::PathBuf;

use loadtest_core::Feeder;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Account {
    name: String,
    age: u8,
}

fn account(name: &str, age: u8) -> Account {
    Account { name: name.to_owned(), age }
}

/// A file with this content. Tests run at once: each name is used once.
fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn csv_is_read_with_any_line_ends_a_byte_order_mark_and_blank_lines() {
    for (name, content) in [
        ("lf.csv", "name,age\nada,36\nben,7\n"),
        ("crlf.csv", "name,age\r\nada,36\r\nben,7\r\n"),
        ("cr.csv", "name,age\rada,36\rben,7"),
        ("bom.csv", "\u{feff}name,age\r\nada,36\r\nben,7"),
        ("blank.csv", "\n\nname,age\n\n\nada,36\n\r\nben,7\n\n"),
        ("quoted.csv", "\"name\",\"age\"\n\"ada\",36\n\"ben\",\"7\""),
        ("order.csv", "town,age,name\nLondon,36,ada\n,7,ben\n"),
    ] {
        let feeder: Feeder<Account> = Feeder::csv(file(name, content)).unwrap();
        assert_eq!(feeder.rows(), [account("ada", 36), account("ben", 7)], "{name}");
    }
}

#[test]
fn csv_keeps_what_stands_in_quotes() {
    let content = "name,age\n\"a, \"\"b\"\"\r\nc\",1\n ada ,2\n\"\",3";
    let feeder: Feeder<Account> = Feeder::csv(file("in_quotes.csv", content)).unwrap();
    assert_eq!(feeder.rows(), [account("a, \"b\"\r\nc", 1), account(" ada ", 2), account("", 3)]);
}

#[test]
fn csv_rows_can_be_maps_and_tuples() {
    let path = file("maps.csv", "name,age\nada,36\n");
    let maps: Feeder<HashMap<String, String>> = Feeder::csv(&path).unwrap();
    assert_eq!(maps.rows()[0]["age"], "36");
    let tuples: Feeder<(String, Option<u32>)> = Feeder::csv(&path).unwrap();
    assert_eq!(tuples.rows(), [("ada".to_owned(), Some(36))]);
}

/// What is said of such a file, without the folder.
fn refused(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = file(name, content);
    let error = match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Feeder::<Account>::csv(&path).unwrap_err(),
        _ => Feeder::<Account>::json_lines(&path).unwrap_err(),
    };
    let folder = format!("{}/", env!("CARGO_TARGET_TMPDIR"));
    error.to_string().strip_prefix(&folder).expect("the file is named").to_owned()
}

#[test]
fn malformed_csv_is_refused_with_line_and_column() {
    for (name, content, expected) in [
        ("empty.csv", &b""[..], "empty.csv is empty; give it a header line and at least one row"),
        ("blanks.csv", b"\n\r\n\n", "blanks.csv is empty; give it a header line and at least one row"),
        ("header.csv", b"name,age\r\n", "header.csv has a header line but no rows; give it at least one"),
        (
            "no_header.csv",
            b"ada,36\nben,7\n",
            "no_header.csv has no column `name`; its header line names `ada`, `36`: is it a header, and separated by ','?",
        ),
        (
            "semicolons.csv",
            b"name;age\nada;36\n",
            "semicolons.csv has no column `name`; its header line names `name;age`: is it a header, and separated by \
             ','?",
        ),
        (
            "twice.csv",
            b"name,age,name\nada,36,x\n",
            "twice.csv, line 1: two columns are called `name`; give one of them another name",
        ),
        (
            "short.csv",
            b"name,age\nada,36\n\nben\n",
            "short.csv, line 4 has 1 field, the header line has 2; separate fields with ',', and put a field that holds \
             one into \"quotes\"",
        ),
        (
            "long.csv",
            b"name,age\r\nada,36\r\nben,b,7\r\n",
            "long.csv, line 3 has 3 fields, the header line has 2; separate fields with ',', and put a field that holds \
             one into \"quotes\"",
        ),
        (
            "type.csv",
            b"name,age\r\n\"a\r\nb\",1\r\nada,old\r\n",
            "type.csv, line 4, column `age`: `old` is no whole number of the right size (invalid digit found in string); \
             write digits alone, or give the field another type",
        ),
        (
            "size.csv",
            b"name,age\nada,300",
            "size.csv, line 2, column `age`: `300` is no whole number of the right size (number too large to fit in \
             target type); write digits alone, or give the field another type",
        ),
        (
            "utf8.csv",
            b"name,age\nada,1\nJ\xf6rg,2\n",
            "utf8.csv, line 3, field 1: `J\u{fffd}rg` is not UTF-8; save the file as UTF-8",
        ),
        ("utf16.csv", b"\xff\xfen\0a\0", "utf16.csv is UTF-16; save it as UTF-8"),
        (
            "quote.csv",
            b"name,age\nada,1\n\"ben,2\ncleo,3\n",
            "quote.csv, line 3: a quote is not closed in the row that begins here; end the field with \", and write a \" \
             inside it twice",
        ),
        (
            "number_quote.csv",
            b"name,age\nada,1\nben,\"2\n",
            "number_quote.csv, line 3: a quote is not closed in the row that begins here; end the field with \", and \
             write a \" inside it twice",
        ),
        (
            "header_quote.csv",
            b"\nname,\"age\nada,1\n",
            "header_quote.csv, line 2: a quote is not closed in the row that begins here; end the field with \", and \
             write a \" inside it twice",
        ),
        (
            "last_quote.csv",
            b"age,name\n1,ada\n2,\"ben",
            "last_quote.csv, line 3: a quote is not closed in the row that begins here; end the field with \", and write \
             a \" inside it twice",
        ),
    ] {
        assert_eq!(refused(name, content), expected);
    }
}

#[test]
fn json_lines_are_read() {
    let content = "\u{feff}{\"name\": \"ada\", \"age\": 36}\r\n\n   \n{\"age\":7,\"name\":\"ben\",\"town\":null}";
    let feeder: Feeder<Account> = Feeder::json_lines(file("fine.jsonl", content)).unwrap();
    assert_eq!(feeder.rows(), [account("ada", 36), account("ben", 7)]);
    assert!(format!("{feeder:?}").contains("\"fine.jsonl\""), "the file's own name: {feeder:?}");
}

#[test]
fn malformed_json_lines_are_refused_with_line_and_column() {
    for (name, content, expected) in [
        ("empty.jsonl", &b""[..], "empty.jsonl is empty; give it at least one line with a JSON value"),
        ("blanks.jsonl", b"\n \r\n", "blanks.jsonl is empty; give it at least one line with a JSON value"),
        (
            "syntax.jsonl",
            b"{\"name\":\"ada\",\"age\":1}\n\n{\"name\" \"ben\"}\n",
            "syntax.jsonl, line 3, column 9: expected `:`",
        ),
        (
            "cut.jsonl",
            b"{\n  \"name\": \"ada\",\n  \"age\": 1\n}\n",
            "cut.jsonl, line 1, column 1: EOF while parsing an object; write each value in a line of its own, and whole",
        ),
        (
            "list.jsonl",
            b"[{\"name\":\"ada\",\"age\":1}]",
            "list.jsonl, line 1, column 1: invalid type: map, expected a string; if the file is one list, write each of \
             its elements in a line of its own",
        ),
        ("two.jsonl", b"{\"name\":\"ada\",\"age\":1} {}", "two.jsonl, line 1, column 24: trailing characters"),
        ("field.jsonl", b"{\"name\":\"ada\"}\n", "field.jsonl, line 1, column 14: missing field `age`"),
        (
            "type.jsonl",
            b"{\"name\":\"ada\",\"age\":\"x\"}\n",
            "type.jsonl, line 1, column 23: invalid type: string \"x\", expected u8",
        ),
        (
            "utf8.jsonl",
            b"{\"name\":\"ada\",\"age\":1}\n{\"name\":\"J\xf6rg\"}\r\n",
            "utf8.jsonl, line 2, column 11: `\u{fffd}rg\"}` is not UTF-8; save the file as UTF-8",
        ),
    ] {
        assert_eq!(refused(name, content), expected);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    for error in [Feeder::<Account>::csv(folder).unwrap_err(), Feeder::<Account>::json_lines(folder).unwrap_err()] {
        let error = error.to_string();
        assert!(error.starts_with(&format!("{folder} cannot be read: ")), "{error}");
        assert!(error.ends_with("; give a file that there is"), "{error}");
    }
    let error = Feeder::<Account>::csv("no/such.csv").unwrap_err().to_string();
    assert!(error.starts_with("no/such.csv cannot be read: "), "{error}");
    let looked = std::env::current_dir().unwrap();
    assert!(error.contains(&format!("(looked for in {})", looked.display())), "{error}");
}
