//! Panics of user code: caught, and shown with their place where it can be had.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A caught panic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// `file:line:column`; known only when [`watch`] was called in this process.
    pub(crate) place: Option<Box<str>>,
}

thread_local! {
    /// While user code runs here: the place of its panic, once there is one.
    static PLACE: RefCell<Option<Option<Box<str>>>> = const { RefCell::new(None) };
}

/// Runs user code and keeps its panic from going further.
///
/// The state it leaves behind is the user's own: nothing else can see it but its `on_stop`, which Rust's rules
/// make sound if not always wise.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, Panic> {
    // A listener is called while a task is polled: what belongs to the code around is put back.
    let around = PLACE.replace(Some(None));
    let result = catch_unwind(AssertUnwindSafe(code));
    let place = PLACE.replace(around).flatten();
    result.map_err(|payload| Panic { message: text(&*payload), place })
}

/// What a panic carried, as text.
fn text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "with a value that is no text".to_owned())
}

/// Keeps the place of panics in user code instead of printing them one by one; panics elsewhere are left to the hook
/// that was there. Process-wide, so only the command line calls it.
#[cfg(feature = "cli")]
pub(crate) fn watch() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let in_user_code = PLACE.try_with(|place| {
            let mut place = place.borrow_mut();
            let known = place.is_some();
            if known {
                *place = Some(info.location().map(|location| location.to_string().into()));
            }
            known
        });
        if in_user_code != Ok(true) {
            before(info);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_text() {
        assert_eq!(catch(|| 1), Ok(1));
        assert_eq!(catch(|| -> i32 { panic!("no {}", 1) }).map_err(|panic| panic.message), Err("no 1".to_owned()));
    }

    #[test]
    fn code_inside_of_code_leaves_it_known() {
        let known = || PLACE.with_borrow(Option::is_some);
        let inside = catch(|| {
            let failed = catch(|| panic!("inside"));
            (failed.map_err(|panic| panic.message), known())
        });
        assert_eq!(inside, Ok((Err::<(), _>("inside".to_owned()), true)));
        assert!(!known());
    }
}
