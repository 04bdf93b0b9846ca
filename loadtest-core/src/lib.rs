//! The core of loadtest: users, tasks, the runner, statistics, reports and the command line. No HTTP.
