//! What the tests of all forms share, and what holds for all of them.

#[cfg(feature = "cli")]
mod files;
#[cfg(feature = "json")]
pub(super) mod fixture;
