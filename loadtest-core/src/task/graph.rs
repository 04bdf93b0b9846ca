//! The sets that a user may come to, with the tasks that `--tags` leave them: made once per run from what types say.

use std::any::TypeId;
use std::collections::{BTreeSet, HashMap};

use crate::error::InputError;
use crate::task::choice::{Chooser, Course};
use crate::task::{Order, SetInfo, TaskInfo};

/// Which tasks are to run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Only tasks with one of these; none is all.
    pub(crate) tags: Vec<String>,
    /// No task with one of these.
    pub(crate) exclude: Vec<String>,
    /// Every weight is taken for 1.
    pub(crate) equal_weights: bool,
}

impl Filter {
    fn any(of: &[String], tags: &[&str]) -> bool {
        tags.iter().any(|tag| of.iter().any(|one| one == tag))
    }

    fn weight(&self, task: &TaskInfo) -> u32 {
        if self.equal_weights { task.weight.min(1) } else { task.weight }
    }
}

/// The sets of one user class; the first is the class itself. Sets may lead to each other in circles.
#[derive(Debug)]
pub(crate) struct Graph {
    pub(crate) sets: Box<[SetPlan]>,
}

/// One set as it is to run.
#[derive(Debug)]
pub(crate) struct SetPlan {
    pub(crate) info: SetInfo,
    pub(crate) course: Course,
    /// Which set each task enters, if it enters one.
    pub(crate) enters: Box<[Option<usize>]>,
    /// Where the plan has its `setup`.
    pub(crate) unit: usize,
}

impl Graph {
    /// The sets that can be reached from `class`; `None` when the filter leaves it nothing to do.
    ///
    /// # Errors
    /// When something written by hand does not fit together.
    pub(crate) fn new(class: SetInfo, filter: &Filter) -> Result<Option<Self>, InputError> {
        let mut builder = Builder { filter, found: HashMap::new(), drafts: Vec::new() };
        builder.add(class, filter.tags.is_empty());
        let alive = builder.alive();
        if !alive[0] {
            return Ok(None);
        }
        let sets = builder.drafts.into_iter().map(|draft| draft.finish(&alive, filter)).collect::<Result<_, _>>()?;
        Ok(Some(Self { sets }))
    }

    /// `browse` or `Forum::read`: how a task is called among all of its class.
    pub(crate) fn task_name(&self, set: usize, task: usize) -> String {
        let Some(plan) = self.sets.get(set) else { return "?".to_owned() };
        let task = plan.info.tasks.get(task).map_or("?", |task| task.name);
        if set == 0 { task.to_owned() } else { format!("{}::{task}", plan.info.name) }
    }
}

/// Every tag of these classes and of all sets that they can come to.
pub(crate) fn tags(classes: impl IntoIterator<Item = SetInfo>) -> BTreeSet<&'static str> {
    let mut tags = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut left: Vec<SetInfo> = classes.into_iter().collect();
    while let Some(set) = left.pop() {
        if seen.insert(set.id) {
            tags.extend(set.tasks.iter().flat_map(|task| task.tags));
            left.extend(set.tasks.iter().filter_map(|task| task.set).map(|set| set()));
        }
    }
    tags
}

/// A set of which it is not known yet whether it has something to do.
struct Draft {
    info: SetInfo,
    /// Whether each task may run, as far as its own tags go.
    wanted: Vec<bool>,
    enters: Vec<Option<usize>>,
}

struct Builder<'a> {
    filter: &'a Filter,
    /// A set that is entered by tasks with a wanted tag has all its tasks, elsewhere it has some: two sets of one type.
    found: HashMap<(TypeId, bool), usize>,
    drafts: Vec<Draft>,
}

impl Builder<'_> {
    /// The number of this set; `wanted` when the way to it has a wanted tag.
    fn add(&mut self, info: SetInfo, wanted: bool) -> usize {
        if let Some(number) = self.found.get(&(info.id, wanted)) {
            return *number;
        }
        let number = self.drafts.len();
        self.found.insert((info.id, wanted), number);
        self.drafts.push(Draft { info, wanted: Vec::new(), enters: Vec::new() });
        for task in info.tasks {
            let wanted = wanted || Filter::any(&self.filter.tags, task.tags);
            let excluded = task.weight == 0 || Filter::any(&self.filter.exclude, task.tags);
            let enters = task.set.filter(|_| !excluded).map(|set| self.add(set(), wanted));
            self.drafts[number].wanted.push(!excluded && (wanted || enters.is_some()));
            self.drafts[number].enters.push(enters);
        }
        number
    }

    /// Whether each set has something to do: sets that only lead to each other have not.
    fn alive(&self) -> Vec<bool> {
        let mut alive = vec![false; self.drafts.len()];
        loop {
            let before = alive.clone();
            for (number, draft) in self.drafts.iter().enumerate() {
                alive[number] = draft.runs(&before).any(|runs| runs);
            }
            if alive == before {
                return alive;
            }
        }
    }
}

impl Draft {
    fn runs<'a>(&'a self, alive: &'a [bool]) -> impl Iterator<Item = bool> + 'a {
        self.wanted.iter().zip(&self.enters).map(|(wanted, enters)| *wanted && enters.is_none_or(|set| alive[set]))
    }

    fn finish(self, alive: &[bool], filter: &Filter) -> Result<SetPlan, InputError> {
        let runs: Vec<bool> = self.runs(alive).collect();
        let weight = |task: usize| if runs[task] { filter.weight(&self.info.tasks[task]) } else { 0 };
        let weights: Box<[u32]> = (0..self.info.tasks.len()).map(weight).collect();
        let course = match self.info.order {
            Order::Sequential => Course::Sequential(weights),
            Order::Markov => markov(&self.info, &runs, filter)?,
            // A set that is never entered because it has nothing to do still needs a course.
            Order::Random => match Chooser::new(weights.iter().copied()) {
                Some(chooser) => Course::Random(chooser),
                None => Course::Sequential(weights),
            },
        };
        Ok(SetPlan { info: self.info, course, enters: self.enters.into(), unit: 0 })
    }
}

fn markov(set: &SetInfo, runs: &[bool], filter: &Filter) -> Result<Course, InputError> {
    let number = |name: &str| set.tasks.iter().position(|task| task.name == name);
    let mut next = Vec::with_capacity(set.tasks.len());
    for task in set.tasks {
        let mut weights = vec![0; set.tasks.len()];
        for (name, weight) in task.next {
            let Some(to) = number(name) else {
                let (set, task) = (set.name, task.name);
                return Err(InputError::new(format!(
                    "{set}::{task}: what comes next is called `{name}`, which is no task of {set}"
                )));
            };
            weights[to] = if !runs[to] {
                0
            } else if filter.equal_weights {
                (*weight).min(1)
            } else {
                *weight
            };
        }
        next.push(Chooser::new(weights));
    }
    let first = runs.iter().position(|runs| *runs).unwrap_or(0);
    Ok(Course::Markov(first, next.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Scope, Tasks};
    use crate::{Exit, SetupContext, TaskResult};

    /// A set of these tasks that does nothing.
    macro_rules! set {
        ($name:ident, $order:expr, [$($task:expr),* $(,)?]) => {
            struct $name;
            impl Tasks for $name {
                const TASKS: &'static [TaskInfo] = &[$($task),*];
                const ORDER: Order = $order;
                type Shared = ();
                async fn setup(_: &SetupContext) -> Result<(), Exit> {
                    Ok(())
                }
                async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
                    Ok(())
                }
            }
        };
    }

    set!(
        Shop,
        Order::Random,
        [
            TaskInfo::new("look", 3).tags(&["read"]),
            TaskInfo::new("buy", 1).tags(&["write", "slow"]),
            TaskInfo::set::<Forum>("forum", 2),
            TaskInfo::set::<Forum>("quiet_forum", 1).tags(&["quiet"]),
        ]
    );
    set!(
        Forum,
        Order::Sequential,
        [
            TaskInfo::new("read", 2).tags(&["read"]),
            TaskInfo::new("post", 1).tags(&["write"]),
            TaskInfo::set::<Thread>("thread", 1),
        ]
    );
    set!(Thread, Order::Random, [TaskInfo::set::<Forum>("back", 1), TaskInfo::new("answer", 1).tags(&["write"]),]);
    // Sets that lead only to each other.
    set!(Ping, Order::Random, [TaskInfo::set::<Pong>("pong", 1)]);
    set!(Pong, Order::Random, [TaskInfo::set::<Ping>("ping", 1)]);
    set!(
        Chain,
        Order::Markov,
        [
            TaskInfo::new("a", 1).next(&[("b", 3), ("c", 1)]),
            TaskInfo::new("b", 1).next(&[("a", 1)]),
            TaskInfo::new("c", 1),
        ]
    );
    set!(Lost, Order::Markov, [TaskInfo::new("a", 1).next(&[("z", 1)])]);

    fn filter(tags: &[&str], exclude: &[&str]) -> Filter {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        Filter { tags: owned(tags), exclude: owned(exclude), equal_weights: false }
    }

    /// The tasks of each set that have a share, by the way to them.
    fn left<S: Tasks + 'static>(filter: &Filter) -> Option<Vec<String>> {
        let graph = Graph::new(SetInfo::of::<S>(), filter).expect("a graph")?;
        let mut found = Vec::new();
        let mut left = vec![(0, String::new(), 0)];
        while let Some((set, path, depth)) = left.pop() {
            let plan = &graph.sets[set];
            for (number, share) in plan.course.shares().into_iter().enumerate().filter(|(_, share)| *share > 0.0) {
                let name = format!("{path}{}", plan.info.tasks[number].name);
                match plan.enters[number] {
                    Some(inside) if depth < 2 => left.push((inside, format!("{name}/"), depth + 1)),
                    Some(_) => {}
                    None => {
                        assert!(share > 0.0);
                        found.push(name);
                    }
                }
            }
        }
        found.sort();
        Some(found)
    }

    #[test]
    fn without_tags_everything_runs_and_circles_end() {
        let all = left::<Shop>(&Filter::default()).expect("tasks");
        assert_eq!(all.len(), 2 + 2 * 2 + 2, "{all:?}");
        let graph = Graph::new(SetInfo::of::<Shop>(), &Filter::default()).expect("a graph").expect("tasks");
        assert_eq!(graph.sets.len(), 3, "each type once");
        assert_eq!(graph.task_name(0, 1), "buy");
        assert_eq!(graph.task_name(1, 1), "Forum::post");
        assert_eq!(graph.task_name(9, 9), "?");
    }

    #[test]
    fn tags_choose_tasks_in_sets_and_the_tag_of_a_way_chooses_all_behind_it() {
        assert_eq!(
            left::<Shop>(&filter(&["read"], &[])).expect("tasks"),
            ["forum/read", "look", "quiet_forum/read"],
            "the thread leads only back"
        );
        assert_eq!(
            left::<Shop>(&filter(&["quiet"], &[])).expect("tasks"),
            ["quiet_forum/post", "quiet_forum/read", "quiet_forum/thread/answer"]
        );
        assert_eq!(left::<Shop>(&filter(&["slow"], &[])).expect("tasks"), ["buy"]);
    }

    #[test]
    fn excluded_tags_win() {
        assert_eq!(
            left::<Shop>(&filter(&["write"], &["slow"])).expect("tasks"),
            ["forum/post", "forum/thread/answer", "quiet_forum/post", "quiet_forum/thread/answer"]
        );
        assert_eq!(left::<Shop>(&filter(&["quiet"], &["quiet"])), None);
        assert_eq!(
            left::<Shop>(&filter(&[], &["read", "write"])),
            None,
            "sets without a task of their own are left out"
        );
    }

    #[test]
    fn sets_that_lead_only_to_each_other_have_nothing_to_do() {
        assert_eq!(left::<Ping>(&Filter::default()), None);
    }

    #[test]
    fn a_chain_keeps_its_ways() {
        let graph = Graph::new(SetInfo::of::<Chain>(), &Filter::default()).expect("a graph").expect("tasks");
        let shares = graph.sets[0].course.shares();
        // From a to b three times out of four: a, b and c are visited 4 : 3 : 1.
        for (share, expected) in shares.iter().zip([0.5, 0.375, 0.125]) {
            assert!((share - expected).abs() < 1e-3, "{shares:?}");
        }
        let error = Graph::new(SetInfo::of::<Lost>(), &Filter::default()).expect_err("no such task");
        assert!(error.to_string().contains("`z`, which is no task of Lost"), "{error}");
    }

    #[test]
    fn equal_weights_are_equal() {
        let equal = Filter { equal_weights: true, ..Filter::default() };
        let graph = Graph::new(SetInfo::of::<Shop>(), &equal).expect("a graph").expect("tasks");
        assert_eq!(graph.sets[0].course.shares(), [0.25; 4]);
    }

    #[test]
    fn every_tag_is_known() {
        let all: Vec<_> = tags([SetInfo::of::<Shop>()]).into_iter().collect();
        assert_eq!(all, ["quiet", "read", "slow", "write"]);
    }
}
