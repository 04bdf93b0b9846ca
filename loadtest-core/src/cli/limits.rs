//! The system's limits: raised where that is possible, said before the run where they will not do.

/// Descriptors that a run needs beside one per user: stdin and out, event queues, the log.
const OTHERS: u64 = 64;

/// Raises the soft limit of open files to the hard one, and warns when users or their connections will not fit.
pub(super) fn prepare(users: u64) {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) if users.saturating_add(OTHERS) > limit => tracing::warn!(
            "{users} users with a connection each need more than the {limit} open files allowed here: \
             some will fail to connect (raise the hard limit: ulimit -Hn)"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!("the limit of open files could not be raised: {error}"),
    }
    if let Some(ports) = ports().filter(|ports| users > *ports) {
        tracing::warn!(
            "{users} users with a connection each to one address need more than the {ports} local ports there are: \
             some will fail to connect (widen net.ipv4.ip_local_port_range)"
        );
    }
}

/// How many connections to one address and port are possible from here; known on Linux only.
fn ports() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let mut ports = text.split_whitespace().filter_map(|port| port.parse::<u64>().ok());
    let (first, last) = (ports.next()?, ports.next()?);
    Some(last.saturating_sub(first) + 1)
}
