//! Load tests written as Rust structs.
