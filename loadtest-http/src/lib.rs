//! The HTTP client of a simulated user.
