//! Settings of clients that do not fit: the error stands at the settings, or at the type of the field.

#![allow(unused)]

use loadtest::prelude::*;
use loadtest::{Client, ClientSettings, Configure, InputError, User, tasks};

struct Line;

struct Words;

impl Words {
    fn word(self, _: &str) -> Result<Self, InputError> {
        Ok(self)
    }
}

impl Client for Line {
    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self)
    }
}

impl Configure<Words> for Line {
    fn check_with(_: &ClientSettings<'_>, _: &Words) -> Result<(), InputError> {
        Ok(())
    }

    fn create_with(_: &Context, _: &Words) -> Result<Self, Exit> {
        Ok(Self)
    }
}

struct NoClient;

struct Plain;

impl Client for Plain {
    fn create(_: &Context) -> Result<Self, Exit> {
        Ok(Self)
    }
}

#[derive(User)]
struct WrongType {
    #[client(5)]
    line: Line,
}

#[derive(User)]
struct NoQuestionMark {
    #[client(Words.word("hello"))]
    line: Line,
}

#[derive(User)]
struct WrongError {
    #[client(Err::<Words, _>("no words")?)]
    line: Line,
}

#[derive(User)]
struct UnknownName {
    #[client(Words.wrod("hello")?)]
    line: Line,
}

#[derive(User)]
struct WithoutSettings {
    #[client(Words)]
    plain: Plain,
}

#[derive(User)]
struct NotAClient {
    #[client(Words)]
    client: NoClient,
}

macro_rules! with_a_task {
    ($($name:ident)*) => {
        $(
            #[tasks]
            impl $name {
                #[task]
                async fn look(&mut self) {}
            }
        )*
    };
}

with_a_task!(WrongType NoQuestionMark WrongError UnknownName WithoutSettings NotAClient);

fn main() {}
