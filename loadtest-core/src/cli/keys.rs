//! Locust's keys while a run goes on: `w` and `W` add a user or ten, `s` and `S` take them away.
//!
//! For that the terminal gives each key at once and shows none, and it is put back at the end. Signals stay as they are:
//! Ctrl-C, Ctrl-Z and Ctrl-\ mean what they always do.

use crate::console::{Console, Edit, Refused};

/// By how many users a key changes a run.
pub(super) fn change_of(key: char) -> Option<i64> {
    match key {
        'w' => Some(1),
        'W' => Some(10),
        's' => Some(-1),
        'S' => Some(-10),
        _ => None,
    }
}

/// Changes the number of users, from what was asked for last; never below none. Gives what there is to say.
pub(super) fn change_users(console: &Console, by: i64) -> Result<String, Refused> {
    let view = console.view();
    let before = view.asked.users.unwrap_or(view.snapshot.target_users);
    let users = before.saturating_add_signed(by);
    console.edit(&Edit { users: Some(users), ..Edit::default() })?;
    Ok(if users == 1 { "1 user is wanted now".to_owned() } else { format!("{users} users are wanted now") })
}

#[cfg(unix)]
pub(super) use unix::Keys;

/// Where a terminal cannot be told to give each key at once.
#[cfg(not(unix))]
#[derive(Debug)]
pub(super) struct Keys;

#[cfg(not(unix))]
impl Keys {
    pub(super) fn listen(_console: &Console) -> Option<Self> {
        None
    }
}

#[cfg(unix)]
mod unix;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_locust() {
        assert_eq!(['w', 'W', 's', 'S'].map(change_of), [Some(1), Some(10), Some(-1), Some(-10)]);
        assert_eq!(['q', 'x', '\n', '\u{3}'].map(change_of), [None; 4]);
    }
}
