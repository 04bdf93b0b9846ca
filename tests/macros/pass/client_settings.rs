//! `#[client(…)]`: settings of a client, with `?` and with everything in reach that an expression can name.

#![deny(warnings)]

use loadtest::prelude::*;
use loadtest::{Client, ClientSettings, Configure, InputError, Tasks};

struct Line<C = ()>(Vec<&'static str>, C);

struct Words(Vec<&'static str>);

impl Words {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn word(mut self, word: &'static str) -> Result<Self, InputError> {
        if word.is_empty() {
            return Err(InputError::new("a word is empty"));
        }
        self.0.push(word);
        Ok(self)
    }
}

impl<C: Default> Client for Line<C> {
    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self(Vec::new(), C::default()))
    }
}

impl<C: Default> Configure<Words> for Line<C> {
    fn check_with(_: &ClientSettings<'_>, own: &Words) -> Result<(), InputError> {
        if own.0.is_empty() { Err(InputError::new("there is no word")) } else { Ok(()) }
    }

    fn create_with(_: &Context, own: &Words) -> Result<Self, Exit> {
        Ok(Self(own.0.clone(), C::default()))
    }
}

/// Another kind of settings for the same client.
impl Configure<&'static str> for Line {
    fn check_with(_: &ClientSettings<'_>, _: &&'static str) -> Result<(), InputError> {
        Ok(())
    }

    fn create_with(_: &Context, own: &&'static str) -> Result<Self, Exit> {
        Ok(Self(vec![own], ()))
    }
}

impl Configure<Vec<u8>> for Line {
    fn check_with(_: &ClientSettings<'_>, _: &Vec<u8>) -> Result<(), InputError> {
        Ok(())
    }

    fn create_with(_: &Context, _: &Vec<u8>) -> Result<Self, Exit> {
        Ok(Self(vec!["bytes"], ()))
    }
}

const WORD: &str = "hello";

#[derive(User)]
struct Caller<'a, T: Default = u8> {
    #[client]
    plain: Line,
    #[client(Words::new().word(WORD)?.word(Self::OWN)?)]
    fallible: Line,
    #[client("one")]
    text: Line,
    #[client({
        let words = Words::new();
        words.word("block")?
    })]
    of_type: Line<T>,
    /// Any error of the standard library turns into the one that is shown.
    #[client(std::fs::read("ca.pem")?)]
    file: Line,
    #[client(std::env::var("TOKEN")?.into_bytes())]
    variable: Line,
    #[client(if WORD.is_empty() { return Err(InputError::new("a word is empty").into()) } else { "one" })]
    returned: Line,
    #[cfg(any())]
    #[client(NoSuchSettings)]
    absent: NoSuchType,
    other: Option<&'a str>,
}

impl<T: Default> Caller<'_, T> {
    const OWN: &'static str = "there";
}

#[tasks]
impl<T: Default> Caller<'_, T> {
    #[task]
    async fn call(&mut self) {
        let lengths = [self.plain.0.len(), self.fallible.0.len(), self.text.0.len(), self.of_type.0.len()];
        assert_eq!(lengths, [0, 2, 1, 1]);
        let _ = (&self.of_type.1, self.other, &self.file, &self.variable, &self.returned);
    }
}

#[derive(User)]
struct Tuple(#[client(Words::new().word("tuple")?)] Line);

#[tasks]
impl Tuple {
    #[task]
    async fn call(&mut self) {
        assert_eq!(self.0.0.len(), 1);
    }
}

fn main() {
    assert_eq!((Caller::<u16>::TASKS.len(), Tuple::TASKS.len()), (1, 1));
}
