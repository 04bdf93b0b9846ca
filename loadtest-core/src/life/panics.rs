//! Panics of user code: caught, and shown with their place where it can be had.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A caught panic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// `file:line:column`; known only when [`watch`] was called in this process.
    pub(crate) place: Option<Box<str>>,
}

thread_local! {
    // Two, as the first needs no destructor: that is a fifth of what a turn of the loop costs.
    static IN_USER_CODE: Cell<bool> = const { Cell::new(false) };
    /// Of the last panic in user code.
    static PLACE: RefCell<Option<Box<str>>> = const { RefCell::new(None) };
}

/// Runs user code and keeps its panic from going further.
///
/// The state it leaves behind is the user's own: nothing else can see it but its `on_stop`, which Rust's rules
/// make sound if not always wise.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, Panic> {
    // A set's task runs within a task, and a listener is called while one is polled, or dropped by a panic: what belongs to
    // the code around is put back.
    let outside = IN_USER_CODE.replace(true);
    let around = if outside { PLACE.take() } else { None };
    let result = catch_unwind(AssertUnwindSafe(code));
    IN_USER_CODE.set(outside);
    let result = result.map_err(|payload| Panic { message: text(&*payload), place: PLACE.take() });
    if outside {
        PLACE.set(around);
    }
    result
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
        if IN_USER_CODE.try_with(Cell::get) == Ok(true) {
            let place = info.location().map(|location| location.to_string().into());
            // Gone only while the thread ends.
            let _ = PLACE.try_with(|last| last.replace(place));
        } else {
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
        let known = || IN_USER_CODE.get();
        let inside = catch(|| {
            let failed = catch(|| panic!("inside"));
            (failed.map_err(|panic| panic.message), known())
        });
        assert_eq!(inside, Ok((Err::<(), _>("inside".to_owned()), true)));
        assert!(!known());
    }

    #[cfg(feature = "cli")]
    #[test]
    fn a_panic_in_a_set_and_one_around_it_have_each_their_place() {
        watch();
        let line = |panic: &Panic| {
            let place = panic.place.as_deref().expect("a place");
            let mut parts = place.rsplit(':').skip(1);
            let line = parts.next().and_then(|line| line.parse::<u32>().ok()).expect("a line");
            assert!(place.starts_with(file!()), "{place}");
            line
        };
        let mut inner = None;
        let here = line!();
        let outer = catch(|| {
            inner = catch(|| panic!("inside")).err();
            panic!("outside")
        });
        assert_eq!(inner.as_ref().map(line), Some(here + 2));
        assert_eq!(outer.map_err(|panic: Panic| line(&panic)), Err::<(), _>(here + 3));
    }
}
