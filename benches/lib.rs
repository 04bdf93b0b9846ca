//! Benchmarks of loadtest; see the README beside this file.
