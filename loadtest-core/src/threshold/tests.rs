use proptest::prelude::*;

use super::figure::WORDS;
use super::parse::{list, one};
use super::pattern::Pattern;
use super::selector::{KINDS, Request, Status};
use super::*;

#[test]
fn every_form_is_read_and_written_in_one_way() {
    for (text, canonical) in [
        ("p95(GET /cart)<200ms", "p95(GET /cart) < 200ms"),
        ("p99.9 <= 1.5s", "p99.9 <= 1.5s"),
        ("p100 < 1m30s", "p100 < 1m30s"),
        ("p0 >= 250us", "p0 >= 250us"),
        ("p(95) < 300ms", "p95 < 300ms"),
        ("p( 99.99 )( GET /cart ) < 300ms", "p99.99(GET /cart) < 300ms"),
        ("avg < 0.2s", "mean < 200ms"),
        ("med(* /cart) < 2m", "median(* /cart) < 2m"),
        ("max(GET *) < 1h2m3.5s", "max(GET *) < 1h2m3.5s"),
        ("min > 0ms", "min > 0s"),
        ("service p95 < 1s", "p95 < 1s"),
        ("response p95(GET /cart) < 1000ms", "response p95(GET /cart) < 1s"),
        ("fail_ratio(POST /*) < 1%", "fail_ratio(POST /*) < 1%"),
        ("fail_ratio < 0.01", "fail_ratio < 1%"),
        ("fail_ratio <= 0.07%", "fail_ratio <= 0.07%"),
        ("rps > 500", "rps > 500"),
        ("rate > .5", "rps > 0.5"),
        ("fails_per_second == 0", "fails_per_second == 0"),
        ("count(5xx) == 0", "count(5xx) == 0"),
        ("count(5XX) == 0", "count(5xx) == 0"),
        ("ratio(404 GET /cart) < 1%", "ratio(404 GET /cart) < 1%"),
        ("p95(2xx * *) < 1s", "p95(2xx * *) < 1s"),
        ("count != 0", "count != 0"),
        ("interrupted < 10", "interrupted < 10"),
        ("ok >= 100", "ok >= 100"),
        ("p95(transaction checkout / pay) < 2s", "p95(transaction checkout / pay) < 2s"),
        ("rate(transaction *) > 2", "rate(transaction *) > 2"),
        ("p95(task Shopper::buy) < 2s", "p95(task Shopper::buy) < 2s"),
        ("response p95(user Shopper)<2s", "response p95(user Shopper) < 2s"),
        ("p95(trend queue_length) < 20", "p95(trend queue_length) < 20"),
        ("total(counter orders) >= 1000", "total(counter orders) >= 1000"),
        ("rate(counter orders) > 1.5", "rate(counter orders) > 1.5"),
        ("value(gauge balance) > -5", "last(gauge balance) > -5"),
        ("p95 < 1s abort", "p95 < 1s abort"),
        ("failed == 0 abort", "failed == 0 abort"),
        ("rps > 5 over 10s abort", "rps > 5 over 10s abort"),
        ("p95 < 1s abort after 0s", "p95 < 1s abort"),
        ("p95 < 1s abort after 90s over 10s", "p95 < 1s over 10s abort after 1m30s"),
        ("p95(GET /wiki/Foo_(bar)) < 1s", "p95(GET /wiki/Foo_(bar)) < 1s"),
        ("p95(GET a  b ) < 1s", "p95(GET a  b) < 1s"),
        (r#"p95(GET "/cart") < 1s"#, "p95(GET /cart) < 1s"),
        (r#"p95("GET" "/a)") < 1s"#, r#"p95(GET "/a)") < 1s"#),
        (r#"p95(GET "/a\*b*") < 1s"#, r#"p95(GET "/a\*b*") < 1s"#),
        (r#"p95("transaction" x) < 1s"#, r#"p95("transaction" x) < 1s"#),
        (r#"p95("404" x) < 1s"#, r#"p95("404" x) < 1s"#),
        (r#"p95("" (other)) < 1s"#, r#"p95("" (other)) < 1s"#),
        ("p95(GET /a**b) < 1s", "p95(GET /a*b) < 1s"),
        ("\n p95\t< 1s\n", "p95 < 1s"),
    ] {
        let threshold = one(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(threshold.to_string(), canonical, "{text}");
        assert_eq!(one(canonical).as_ref(), Ok(&threshold), "{text}");
    }
}

#[test]
fn what_is_none_is_pointed_at() {
    // The marks under the text, and a part of the message.
    for (text, marks, message) in [
        ("", "^", "expected a figure, such as p95"),
        ("fail_rato < 1%", "^^^^^^^^^", "did you mean `fail_ratio`?"),
        ("p(101) < 1s", "^^^^^^", "a percentile is p and a number from 0 to 100"),
        ("p101 < 1s", "^^^^", "a percentile is p and a number from 0 to 100"),
        ("p9.5.1 < 1s", "^^^^^^", "a percentile is p and a number from 0 to 100"),
        ("errors < 5", "^^^^^^", "did you mean `failed`?"),
        ("http_req_duration < 1s", "^^^^^^^^^^^^^^^^^", "did you mean `p95`?"),
        ("beauty > 5", "^^^^^^", "there is no figure `beauty`; there are for requests: p95, p99, min"),
        ("respnse p95 < 1s", "^^^^^^^", "did you mean `response`?"),
        ("p95 = 1s", "    ^", "did you mean `==`?"),
        ("p95 =< 1s", "    ^^", "did you mean `<=`?"),
        ("p95 ≤ 1s", "    ^", "did you mean `<=`?"),
        ("p95 200ms", "    ^", "expected a comparison: <, <=, >"),
        ("p95", "   ^", "expected a comparison"),
        ("p95 <", "     ^", "expected a time, such as 200ms"),
        ("p95 < 200", "      ^^^", "`p95` is a time; give it a unit: us, ms, s, m or h, as in 200ms"),
        ("p95 < 20%", "        ^", "`p95` is a time, and `%` is no unit of time"),
        ("p95 < 20sec", "        ^^^", "`sec` is no unit of time"),
        ("p95 < 1s1m", "         ^", "from large to small"),
        ("p95 < 1.2.3s", "      ^^^^^", "this is no number"),
        ("p95 < 99999999999999999999h", "      ^^^^^^^^^^^^^^^^^^^^^", "too long"),
        ("fail_ratio < 5", "             ^", "a share, from 0 to 1: write 5% or 0.05"),
        ("fail_ratio < 10ms", "             ^^^^", "is a share: write it as 1% or 0.01"),
        ("rps > 500/s", "         ^^", "a number without a unit"),
        ("count > 5%", "         ^", "a number without a unit"),
        ("p95(trend queue) < 20ms", "                     ^^", "a number without a unit"),
        ("rps > many", "      ^", "expected a number, such as 500"),
        ("p95(GET /cart < 200ms", "   ^", "this parenthesis is not closed"),
        ("p95() < 1s", "    ^", "expected a method and a name"),
        ("p95(/cart) < 1s", "    ^^^^^", "write `* /cart` for any method"),
        ("p95(GET) < 1s", "    ^^^", "write `GET *` for all of them"),
        ("p95(transction) < 1s", "    ^^^^^^^^^^", "or `transaction` and a name"),
        ("p95(trend) < 1", "         ^", "expected the name of a trend"),
        ("p95(GET \"/a) < 1s", "        ^", "this quote is not closed"),
        (r#"p95(GET "/\a") < 1s"#, "          ^", "unknown escape"),
        (r#"p95(GET "/a" b) < 1s"#, "             ^", "expected `)` behind the name"),
        ("p95(GET(/cart)) < 1s", "       ^", "expected a space between method and name"),
        ("total < 5", "^^^^^", "a total is of a counter: `total(counter orders)`"),
        ("ratio < 5%", "^^^^^", "`ratio(5xx)`"),
        ("fail_ratio(trend x) < 5%", "^^^^^^^^^^", "there is no `fail_ratio` of a trend; there are: p95, p99, min"),
        ("interrupted(5xx) < 5", "^^^^^^^^^^^", "there is no `interrupted` of requests with a status"),
        ("response rps > 5", "^^^^^^^^", "leave out the word"),
        ("service p95(trend x) > 5", "^^^^^^^", "leave out the word"),
        ("p95 < 1s over 1500ms", "              ^^^^^^", "windows are whole seconds"),
        ("p95 < 1s over 11m", "              ^^^", "windows are whole seconds, from 1s to 10m"),
        ("p95 < 1s over", "             ^", "expected a time"),
        ("p95 < 1s over 10", "              ^^", "the length of a window is a time; give it a unit"),
        ("p95(transaction x) < 1s over 10s", "                        ^^^^", "`over` is for requests"),
        ("count(5xx) < 1 over 10s", "               ^^^^", "windows of requests with a status are not kept"),
        ("p95 < 1s over 1s over 2s", "                 ^^^^", "`over` is there twice"),
        (
            "rps > 500 abort",
            "          ^^^^^",
            "`rps` begins at 0: this would end every run at once; write `abort after 30s`",
        ),
        ("count == 5 abort after 0s", "           ^^^^^", "write `abort after 30s`"),
        ("p95 < 1s abort abort", "               ^^^^^", "`abort` is there twice"),
        ("p95 < 1s after 5s", "         ^^^^^", "write `abort after 30s`"),
        ("p95 < 1s abrot", "         ^^^^^", "did you mean `abort`?"),
        ("p95 < 1s, p99 < 2s", "        ^", "expected `over 10s`, `abort`, or the end"),
        ("p95 < 1s; p99 < 2s", "        ^", "only one threshold is expected here"),
    ] {
        let error = one(text).expect_err(text);
        let shown = error.to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert!(error.message().contains(message), "{shown}");
        assert_eq!(lines[1..], [format!("  {text}"), format!("  {marks}")], "{shown}");
        assert_eq!(error.position(), marks.chars().take_while(|c| *c == ' ').count(), "{shown}");
    }
}

#[test]
fn several_have_semicolons_between_them() {
    let read = list("p95 < 1s ;\n count(\"a;b\" c;d) > 5; ;fail_ratio<1%;").unwrap();
    let written: Vec<_> = read.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["p95 < 1s", "count(a;b c;d) > 5", "fail_ratio < 1%"]);
    assert_eq!(list(" ; "), Ok(Vec::new()));
    assert_eq!(list("p95 < 1s; p99 > 2").unwrap_err().position(), 16);
}

#[test]
fn a_long_text_is_shown_around_the_place() {
    let text = format!("p95(GET {}) < 5 {}", "/long".repeat(50), "x".repeat(200));
    let shown = one(&text).unwrap_err().to_string();
    let lines: Vec<Vec<char>> = shown.lines().map(|line| line.chars().collect()).collect();
    assert!(lines[1].len() < 160 && lines[1][2] == '…' && lines[1].last() == Some(&'…'), "{shown}");
    let at = lines[2].iter().position(|c| *c == '^').unwrap();
    assert_eq!(lines[1][at], '5', "{shown}");
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let odd = prop_oneof![
        "[A-Za-z/]{0,6}",
        "[ ()*\"\\\\;a]{0,6}",
        any::<String>(),
        prop::sample::select(vec!["404", "5xx", "transaction", "trend"]).prop_map(str::to_owned)
    ];
    prop::collection::vec(odd, 1..4).prop_map(Pattern::new)
}

fn subject() -> impl Strategy<Value = Subject> {
    let request = || (pattern(), pattern()).prop_map(|(method, name)| Request { method, name });
    let status = prop_oneof![(100u16..1000).prop_map(Status::Code), (1u16..10).prop_map(Status::Class)];
    prop_oneof![
        prop::option::of(request()).prop_map(Subject::Requests),
        (status, prop::option::of(request())).prop_map(|(status, request)| Subject::Statuses(status, request)),
        (pattern(), prop::sample::select(KINDS.to_vec())).prop_map(|(name, (_, kind))| kind(name)),
    ]
}

prop_compose! {
    fn any_threshold()(
        subject in subject(),
        percentile in prop_oneof![(0u32..=100).prop_map(f64::from), 0.0f64..=100.0],
        figure in prop::sample::select(WORDS.to_vec()),
        is_percentile in any::<bool>(),
        is_response in any::<bool>(),
        comparison in prop::sample::select(Comparison::ALL.to_vec()),
        time in prop_oneof![any::<u32>().prop_map(u64::from), 0u64..3_000_000_000_000_000_000],
        ratio in prop_oneof![(0u32..=10_000).prop_map(|n| f64::from(n) / 10_000.0), 0.0f64..=1.0],
        number in prop_oneof![(-1000i32..1000).prop_map(f64::from), any::<f64>().prop_filter("finite", |n| n.is_finite())],
        over in prop::option::of(1u64..=600),
        abort in prop::option::of(any::<u32>()),
    ) -> Option<Threshold> {
        let figure = if is_percentile { Figure::Percentile(percentile) } else { figure.1 };
        if !figure.is_of(&subject) {
            return None;
        }
        let limit = match figure.dimension(&subject) {
            figure::Dimension::Time => Value::Time(Duration::from_nanos(time)),
            figure::Dimension::Ratio => Value::Ratio(ratio),
            figure::Dimension::Number => Value::Number(number + 0.0),
        };
        let has_response = is_response && subject.has_response_times() && figure.is_time(&subject);
        let threshold = Threshold {
            clock: if has_response { Clock::Response } else { Clock::Service },
            over: over.filter(|_| matches!(subject, Subject::Requests(_))).map(Duration::from_secs),
            abort: abort.map(|millis| Duration::from_millis(millis.into())),
            figure, subject, comparison, limit,
        };
        Some(threshold).filter(|threshold| !threshold.would_abort_at_once())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_written_is_read_back(threshold in any_threshold()) {
        if let Some(threshold) = threshold {
            let text = threshold.to_string();
            let read = one(&text);
            prop_assert_eq!(read.as_ref(), Ok(&threshold), "{}", text);
            prop_assert_eq!(read.unwrap().to_string(), text);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = one(&text).map_err(|error| error.to_string());
        let _ = list(&text).map_err(|error| error.to_string());
    }

    #[test]
    fn nothing_that_looks_like_one_makes_it_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "p95", "p", "(", ")", "GET", " ", "/cart", "\"", "\\", "\\u{", "}", "*", "<", "=", "≤", "1", ".", "99999999999999999999",
            "ms", "s", "%", "µ", "-", "over", "abort", "after", "response", "5xx", "transaction", "trend", "count", ";", "ratio", "é",
        ]), 0..16),
    ) {
        let text = parts.concat();
        match one(&text) {
            Ok(threshold) => prop_assert_eq!(one(&threshold.to_string()), Ok(threshold)),
            Err(error) => prop_assert!(error.position() <= text.chars().count() && !error.to_string().is_empty()),
        }
    }
}
