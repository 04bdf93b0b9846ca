//! The system's limits: raised where that is possible, said before the run where they will not do.

use crate::plan::Settings;

/// Descriptors that a run needs beside those of users and threads: stdin and out, files, the log.
const OTHERS: u64 = 32;
/// Of each thread: its event queue, and what wakes it.
const PER_THREAD: u64 = 4;

/// Raises the soft limit of open files to the hard one, and warns when users or their connections will not fit.
///
/// With a server in this process every connection has two ends here.
pub(super) fn prepare(settings: &Settings, embedded_server: bool) {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => {
            if let Some(warning) = too_few_descriptors(settings, embedded_server, limit) {
                tracing::warn!("{warning}");
            }
        }
        Err(error) => tracing::warn!("the limit of open files could not be raised: {error}"),
    }
    if let Some(warning) = ports().and_then(|ports| too_few_ports(settings.users, ports)) {
        tracing::warn!("{warning}");
    }
}

fn too_few_descriptors(settings: &Settings, embedded_server: bool, limit: u64) -> Option<String> {
    let ends = if embedded_server { 2 } else { 1 };
    let needed = settings.users * ends + settings.threads as u64 * PER_THREAD + OTHERS;
    (needed > limit).then(|| {
        format!(
            "{} users with a connection each need about {needed} open files, and {limit} are allowed here: \
             some will fail to connect (raise the hard limit: ulimit -Hn)",
            settings.users
        )
    })
}

fn too_few_ports(users: u64, ports: u64) -> Option<String> {
    (users > ports).then(|| {
        format!(
            "{users} users with a connection each to one address need more than the {ports} local ports there are: \
             some will fail to connect (widen net.ipv4.ip_local_port_range)"
        )
    })
}

/// How many connections to one address and port are possible from here; known on Linux only.
fn ports() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ports = text.split_whitespace().filter_map(|port| port.parse::<u64>().ok());
    let (first, last) = (ports.next()?, ports.next()?);
    Some(last.saturating_sub(first) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::LoadTest;

    #[test]
    fn what_does_not_fit_is_said() {
        let settings = |users| LoadTest::new().users(users).threads(2).check_settings().unwrap();
        assert_eq!(too_few_descriptors(&settings(900), false, 1024), None);
        assert!(too_few_descriptors(&settings(1000), false, 1024).unwrap().contains("1040 open files, and 1024"));
        assert!(too_few_descriptors(&settings(600), true, 1024).is_some(), "both ends are here");
        assert_eq!(too_few_ports(28_232, 28_232), None);
        assert!(too_few_ports(28_233, 28_232).unwrap().contains("28232 local ports"));
    }
}
