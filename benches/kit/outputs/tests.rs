use super::*;

const WRK: &str = include_str!("../samples/wrk.txt");
const OHA: &str = include_str!("../samples/oha.json");
const LOCUST: &str = include_str!("../samples/locust.txt");

#[test]
fn reads_wrk() {
    let told = wrk(WRK).unwrap();
    let expected = Told { requests: 192_951.0, rate: 96_408.79, cpu_seconds: None, p50: Some(255.0), p99: Some(548.0) };
    assert_eq!(told, expected);
    let slow = wrk(&WRK.replace("548.00us", "1.32s").replace("255.00us", "20.50ms")).unwrap();
    assert_eq!((slow.p50, slow.p99), (Some(20_500.0), Some(1_320_000.0)));
}

#[test]
fn refuses_failed_requests_and_missing_percentiles_of_wrk() {
    let failed = format!("{WRK}  Non-2xx or 3xx responses: 12\n");
    assert_eq!(wrk(&failed).unwrap_err(), "12 answers were no 2xx");
    let without: String = WRK.lines().filter(|line| !line.contains('%')).map(|line| format!("{line}\n")).collect();
    assert!(wrk(&without).unwrap_err().contains("--latency"));
    assert!(wrk("unable to connect to 127.0.0.1:1 Connection refused").is_err());
}

#[test]
fn reads_oha_and_leaves_out_what_the_end_broke_off() {
    let told = oha(OHA).unwrap();
    assert_eq!((told.requests, told.rate.round(), told.cpu_seconds), (163_012.0, 81_404.0, None));
    assert_eq!((told.p50.map(f64::round), told.p99.map(f64::round)), (Some(314.0), Some(4435.0)));
}

#[test]
fn refuses_failed_requests_of_oha() {
    let refused = OHA.replace("aborted due to deadline", "Connection refused (os error 111)");
    assert_eq!(oha(&refused).unwrap_err(), "47 requests failed: Connection refused (os error 111)");
    assert_eq!(oha(&OHA.replace("\"200\"", "\"503\"")).unwrap_err(), "163012 answers were 503");
    assert!(oha("{}").is_err());
    assert!(oha("error: unexpected argument").is_err());
}

#[test]
fn reads_locust_over_all_rows() {
    let told = locust(LOCUST).unwrap();
    assert_eq!((told.requests, told.cpu_seconds), (12_968.0, Some(2.76)));
    assert_eq!(told.rate.round(), 4681.0);
    assert_eq!((told.p50, told.p99), (Some(7000.0), Some(24_000.0)));
    // What else was printed before does no harm.
    assert_eq!(locust(&format!("a warning\n{LOCUST}")), Ok(told));
}

#[test]
fn refuses_failed_requests_of_locust_and_runs_without_any() {
    let failed = LOCUST.replacen("\"num_failures\": 0", "\"num_failures\": 3", 1);
    assert_eq!(locust(&failed).unwrap_err(), "3 requests failed");
    assert_eq!(locust("cpu_seconds 1.0\n[]\n").unwrap_err(), "no requests");
    assert!(locust("[]").unwrap_err().contains("cpu_seconds"));
}

#[test]
fn reads_the_line_of_our_own_programs() {
    let told = line("{\"requests\":30,\"seconds\":2,\"p50_us\":12,\"p99_us\":null}\n\nuser sys").unwrap();
    assert_eq!(told, Told { requests: 30.0, rate: 15.0, cpu_seconds: None, p50: Some(12.0), p99: None });
    assert!(line("{\"requests\":30}").unwrap_err().contains("seconds"));
    assert!(line("").is_err());
}

#[test]
fn reads_footprints() {
    let read = footprint("{\"bytes_per_user\":6144,\"connected_seconds\":0.5}").unwrap();
    assert_eq!((read.bytes_per_user, read.built_seconds, read.connected_seconds), (Some(6144.0), None, Some(0.5)));
}

#[test]
fn reads_the_times_of_the_shell() {
    assert_eq!(shell_times("output\n0m0.003s 0m0.001s\n1m2.500s 0m0.250s\n"), Ok(62.75));
    for wrong in ["", "output", "0m0.1s", "0m1s 0m1s 0m1s"] {
        assert!(shell_times(wrong).is_err(), "{wrong}");
    }
}
