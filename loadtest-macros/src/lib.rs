//! The derive and attribute macros of loadtest.
