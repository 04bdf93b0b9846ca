//! What the tests of all forms share, and what holds for all of them.

pub(super) mod fixture;
