use super::*;
use crate::server::Served;

const SERVED: Served = Served { body: 1024, cookies: 0, tls: false };

fn round(rate: f64, server: f64) -> Result<Figures, String> {
    Ok(Figures { rate, cpu: 1e6 / rate, p50: Some(500.0), p99: None, server })
}

fn outcome(clients: Vec<(Client, Vec<Result<Figures, String>>)>) -> Outcome {
    let who: Vec<Client> = clients.iter().map(|(client, _)| *client).collect();
    Outcome { scenario: Scenario::new("name", "A title", 50, SERVED, &who), clients, per_second: None }
}

#[test]
fn a_row_has_medians_and_ratios_with_both_ends() {
    let text = scenario(&outcome(vec![
        (Client::Bare, vec![round(200_000.0, 0.9), round(200_000.0, 0.9)]),
        (Client::Wrk, vec![round(100_000.0, 0.5), round(200_000.0, 0.6)]),
        (Client::Ours, vec![round(50_000.0, 0.4), round(150_000.0, 0.4)]),
    ]));
    let row = text.lines().find(|line| line.contains("loadtest")).unwrap();
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    assert_eq!(cells[2..4], ["100,000", "0.62 (0.50–0.75)"]);
    assert_eq!(cells[6..], ["0.50", "1.00", "–", "–", "40 %", ""]);
    assert!(text.starts_with("### A title\n"));
    assert!(!text.contains("The server is the limit"), "{text}");
}

#[test]
fn who_was_not_measured_is_said_with_the_reason() {
    let gone = || Err("no such program".to_owned());
    let text =
        scenario(&outcome(vec![(Client::Wrk, vec![round(1000.0, 0.5), gone()]), (Client::Oha, vec![gone(), gone()])]));
    assert!(text.lines().any(|line| line.starts_with("| oha") && line.contains("| not measured |")), "{text}");
    assert!(text.contains("\noha: not measured: no such program.\n"), "{text}");
    assert!(text.contains("\nwrk: not measured in 1 rounds: no such program.\n"), "{text}");
}

#[test]
fn a_server_at_its_limit_is_said() {
    let slower = outcome(vec![(Client::Bare, vec![round(90.0, 0.5)]), (Client::Wrk, vec![round(100.0, 0.5)])]);
    assert!(scenario(&slower).contains("the bare client got 0.90 times wrk's rate"));
    let busy = outcome(vec![(Client::Wrk, vec![round(100.0, 0.5)]), (Client::Ours, vec![round(100.0, 0.99)])]);
    assert!(scenario(&busy).contains("its core was 99 % busy under loadtest"));
}

#[test]
fn numbers_have_commas() {
    let numbers = [0, 999, 1000, 19_500, 1_234_567].map(thousands);
    assert_eq!(numbers, ["0", "999", "1,000", "19,500", "1,234,567"]);
}

#[test]
fn tables_go_between_their_markers() {
    let old = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n";
    assert_eq!(replace_between(old, "x", "new\n\n").unwrap(), "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n");
    assert!(replace_between(old, "y", "new").unwrap_err().contains("<!-- y:begin -->"));
    let readme = std::fs::read_to_string(README).unwrap();
    for name in ["rivals", "soak"] {
        assert!(replace_between(&readme, name, "").is_ok(), "{name}");
    }
}
