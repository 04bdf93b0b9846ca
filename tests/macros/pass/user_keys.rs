//! Every key of `#[user(…)]`, in every form.

#![deny(warnings)]

use loadtest::prelude::*;
use loadtest::{Tasks, User, Wait};

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

with_a_task!(Plain Off Exact ComputedCount Whole Half Computed Waiting Patient Named Concatenated Elsewhere Short Paced Random Own Chosen);

#[derive(User)]
struct Plain;

#[derive(User)]
#[user(weight = 0)]
struct Off;

#[derive(User)]
#[user(fixed_count = 2)]
struct Exact;

#[derive(User)]
#[user(fixed_count = SHARE / 5, weight = 0)]
struct ComputedCount;

#[derive(User)]
#[user(weight = 3)]
struct Whole;

#[derive(User)]
#[user(weight = 0.5,)]
struct Half;

const SHARE: u64 = 20;

#[derive(User)]
#[user(weight = SHARE / 10)]
struct Computed;

#[derive(User)]
#[user(wait_time = between(Duration::from_secs(5), Duration::from_secs(15)), host = "http://localhost:8080")]
struct Waiting;

#[derive(User)]
#[user(wait_time = constant(self.pause))]
#[user(host = address(80))]
#[user()]
struct Patient {
    pause: Duration,
}

fn address(port: u16) -> String {
    format!("http://localhost:{port}")
}

#[derive(User)]
#[user(name = "Somebody else")]
struct Named;

trait Kind {
    const NAME: &'static str;
}

struct Reader;
impl Kind for Reader {
    const NAME: &'static str = "Reader";
}

#[derive(User)]
#[user(name = K::NAME)]
struct Generic<K: Kind>(std::marker::PhantomData<K>);

#[tasks]
impl<K: Kind> Generic<K> {
    #[task]
    async fn look(&mut self) {}
}

#[derive(User)]
#[user(name = concat!("Somebody", " new"))]
struct Concatenated;

#[derive(User)]
#[user(crate = "loadtest", wait_time = Wait::None)]
struct Elsewhere;

#[derive(User)]
#[user(wait_time = Duration::from_secs(2))]
struct Short;

#[derive(User)]
#[user(wait_time = constant_throughput(0.5).catch_up(CatchUp::Skip))]
struct Paced;

#[derive(User)]
#[user(wait_time = poisson(2))]
struct Random;

#[derive(User)]
#[user(wait_time = self.my_wait())]
struct Own {
    pause: Duration,
}

impl Own {
    fn my_wait(&self) -> Duration {
        self.pause * 2
    }
}

#[derive(User)]
#[user(wait_time = self.my_wait())]
struct Chosen {
    hurry: bool,
}

impl Chosen {
    fn my_wait(&self) -> Wait {
        if self.hurry { constant_pacing(Duration::from_secs(1)).into() } else { constant(Duration::from_secs(9)) }
    }
}

fn main() {
    assert_eq!([Plain::weight(), Whole::weight(), Half::weight(), Computed::weight()], [1.0, 3.0, 0.5, 2.0]);
    assert_eq!([Off::weight(), ComputedCount::weight(), Exact::weight()], [0.0, 0.0, 1.0]);
    assert_eq!([Plain::fixed_count(), Exact::fixed_count(), ComputedCount::fixed_count()], [0, 2, 4]);
    assert_eq!(Plain.wait_time(), Wait::None);
    assert_eq!(Waiting.wait_time(), between(Duration::from_secs(5), Duration::from_secs(15)));
    let pause = Duration::from_millis(7);
    assert_eq!(Patient { pause }.wait_time(), constant(pause));
    assert_eq!(Elsewhere.wait_time(), Wait::None);
    assert_eq!(Short.wait_time(), constant(Duration::from_secs(2)));
    assert_eq!(Paced.wait_time(), constant_pacing(Duration::from_secs(2)).catch_up(CatchUp::Skip).into());
    assert_eq!(Random.wait_time(), poisson(2.0).into());
    assert_eq!(Own { pause }.wait_time(), constant(pause * 2));
    assert_eq!(Chosen { hurry: true }.wait_time(), constant_pacing(Duration::from_secs(1)).into());
    assert_eq!(Chosen { hurry: false }.wait_time(), constant(Duration::from_secs(9)));
    assert_eq!(Plain::host(), None);
    assert_eq!(Waiting::host().as_deref(), Some("http://localhost:8080"));
    assert_eq!(Patient::host().as_deref(), Some("http://localhost:80"));
    assert_eq!((Plain::NAME, Named::NAME), ("Plain", "Somebody else"));
    assert_eq!((Concatenated::NAME, Generic::<Reader>::NAME), ("Somebody new", "Reader"));
    assert_eq!(Plain::TASKS.len(), 1);
}
