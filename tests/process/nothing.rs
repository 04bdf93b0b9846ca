//! Users that need no server, for tests of what a person sees.

use loadtest::prelude::*;
use loadtest::{Client, ClientSettings, InputError};

/// A client that needs no server.
pub(crate) struct Nothing;

impl Client for Nothing {
    fn check(_: &ClientSettings<'_>) -> Result<(), InputError> {
        Ok(())
    }
    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self)
    }
}

/// Classes of users that wait 20 ms between their tasks.
macro_rules! users {
    ($($name:ident { $($body:tt)* })*) => {
        $(
            #[derive(User)]
            #[user(wait_time = constant(Duration::from_millis(20)))]
            #[allow(dead_code, reason = "not every class asks who it is")]
            struct $name {
                #[client]
                _client: $crate::nothing::Nothing,
                #[context]
                cx: Context,
            }

            #[tasks]
            impl $name { $($body)* }
        )*
    };
}
pub(crate) use users;
