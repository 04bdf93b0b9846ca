//! How often each class and task runs, as a tree: `--show-task-ratio`.

use std::fmt::Write;

use crate::plan::Plan;
use crate::task::SetInfo;
use crate::task::graph::{Filter, Graph};

/// Sets that all lead to each other have as many ways as there are orders of them. When so many tasks of a class are in
/// the tree, each set that is in it already is cut.
const MOST_TASKS: usize = 10_000;

/// The share of a class or task, and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) name: &'static str,
    /// From 0 to 1: of the level that it is in.
    pub(crate) share: f64,
    /// Of a task, its own.
    pub(crate) tags: &'static [&'static str],
    /// The name of the set that a task enters.
    pub(crate) set: Option<&'static str>,
    pub(crate) inside: Vec<Self>,
    /// A set that contains itself, or one of very many: what is in it stands further up.
    pub(crate) cut: bool,
}

impl Plan {
    /// The classes with their tasks. The share of a class is that among the users of this run, and what is in a set are the
    /// shares among its tasks, in the long run.
    pub(crate) fn ratio(&self) -> Vec<Ratio> {
        let dealt = self.deal(self.settings.users.min(1_000_000));
        self.classes
            .iter()
            .zip(&self.graphs)
            .enumerate()
            .map(|(number, (class, graph))| {
                let users = dealt.iter().filter(|class| usize::from(**class) == number).count();
                #[expect(clippy::cast_precision_loss, reason = "a share of at most a million users")]
                let share = users as f64 / dealt.len().max(1) as f64;
                Ratio { name: class.name(), share, tags: &[], set: None, inside: Tree::of(graph), cut: false }
            })
            .collect()
    }
}

/// The tasks of a class, with no regard to what a run leaves out.
pub(crate) fn of_class(class: SetInfo) -> Vec<Ratio> {
    let graph = Graph::new(class, &Filter::default());
    graph.ok().flatten().map(|graph| Tree::of(&graph)).unwrap_or_default()
}

/// A tree of tasks that is being made.
struct Tree<'a> {
    graph: &'a Graph,
    /// By set: a chain's take a while.
    shares: Vec<Vec<f64>>,
    /// The sets around the present one, and itself.
    path: Vec<usize>,
    /// Whether each set is in the tree already.
    seen: Vec<bool>,
    tasks: usize,
}

impl<'a> Tree<'a> {
    fn of(graph: &'a Graph) -> Vec<Ratio> {
        let shares = graph.sets.iter().map(|plan| plan.course.shares()).collect();
        let mut tree = Self { graph, shares, path: Vec::new(), seen: vec![false; graph.sets.len()], tasks: 0 };
        tree.inside(0)
    }

    /// The tasks of a set.
    fn inside(&mut self, set: usize) -> Vec<Ratio> {
        let plan = &self.graph.sets[set];
        self.seen[set] = true;
        self.path.push(set);
        let mut found = Vec::new();
        for (number, task) in plan.info.tasks.iter().enumerate() {
            let share = self.shares[set][number];
            if share <= 0.0 {
                continue;
            }
            self.tasks += 1;
            let mut ratio =
                Ratio { name: task.name, share, tags: task.tags, set: None, inside: Vec::new(), cut: false };
            if let Some(set) = plan.enters[number] {
                ratio.set = Some(self.graph.sets[set].info.name);
                ratio.cut = self.path.contains(&set) || (self.tasks > MOST_TASKS && self.seen[set]);
                if !ratio.cut {
                    ratio.inside = self.inside(set);
                }
            }
            found.push(ratio);
        }
        self.path.pop();
        found
    }
}

/// Both trees as text, as Locust prints them.
pub(crate) fn text(ratio: &[Ratio]) -> String {
    let rule = "-".repeat(80);
    let mut out = format!("\n Task ratio per User class\n{rule}\n");
    lines(ratio, None, 0, &mut out);
    let _ = write!(out, "\n Total task ratio\n{rule}\n");
    lines(ratio, Some(1.0), 0, &mut out);
    out
}

/// Of the level that a task is in, or, with the share of that level, of everything.
fn of(ratio: &Ratio, level: Option<f64>) -> f64 {
    ratio.share * level.unwrap_or(1.0)
}

fn lines(ratios: &[Ratio], level: Option<f64>, depth: usize, out: &mut String) {
    for ratio in ratios {
        let share = of(ratio, level);
        let cut = if ratio.cut { " (as above)" } else { "" };
        let _ = writeln!(out, "{:indent$} * {:.1} {}{cut}", "", share * 100.0, ratio.name, indent = depth);
        lines(&ratio.inside, level.map(|_| share), depth + 1, out);
    }
}

/// Both trees in Locust's JSON.
pub(crate) fn json(ratio: &[Ratio]) -> String {
    let mut out = String::from("{\n  \"per_class\": ");
    object(ratio, None, 1, &mut out);
    out.push_str(",\n  \"total\": ");
    object(ratio, Some(1.0), 1, &mut out);
    out.push_str("\n}\n");
    out
}

/// By hand, as a `Value` would sort the tasks; they stand in the order of their declaration.
fn object(ratios: &[Ratio], level: Option<f64>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth + 1);
    out.push('{');
    for (number, ratio) in ratios.iter().enumerate() {
        let share = of(ratio, level);
        let _ = write!(
            out,
            "{}\n{indent}{}: {{ \"ratio\": {share}",
            if number > 0 { "," } else { "" },
            serde_json::Value::from(ratio.name)
        );
        if !ratio.inside.is_empty() {
            out.push_str(", \"tasks\": ");
            object(&ratio.inside, level.map(|_| share), depth + 1, out);
        }
        out.push_str(" }");
    }
    let _ = write!(out, "\n{}}}", "  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Scope, TaskInfo, Tasks};
    use crate::{Exit, SetupContext, TaskResult};

    /// One of twelve sets that all lead to each other.
    struct Knot<const N: u8>;

    impl<const N: u8> Tasks for Knot<N> {
        const TASKS: &'static [TaskInfo] = &[
            TaskInfo::new("task", 1),
            TaskInfo::set::<Knot<0>>("0", 1),
            TaskInfo::set::<Knot<1>>("1", 1),
            TaskInfo::set::<Knot<2>>("2", 1),
            TaskInfo::set::<Knot<3>>("3", 1),
            TaskInfo::set::<Knot<4>>("4", 1),
            TaskInfo::set::<Knot<5>>("5", 1),
            TaskInfo::set::<Knot<6>>("6", 1),
            TaskInfo::set::<Knot<7>>("7", 1),
            TaskInfo::set::<Knot<8>>("8", 1),
            TaskInfo::set::<Knot<9>>("9", 1),
            TaskInfo::set::<Knot<10>>("10", 1),
            TaskInfo::set::<Knot<11>>("11", 1),
        ];
        type Shared = ();
        async fn setup(_: &SetupContext) -> Result<(), Exit> {
            Ok(())
        }
        async fn run_task(&mut self, _: usize, _: &Scope<'_>) -> TaskResult {
            Ok(())
        }
    }

    #[test]
    fn sets_that_all_lead_to_each_other_have_a_tree_of_bounded_size() {
        fn count(ratios: &[Ratio]) -> usize {
            ratios.iter().map(|ratio| 1 + count(&ratio.inside)).sum()
        }
        let graph = Graph::new(SetInfo::of::<Knot<0>>(), &Filter::default()).expect("a graph").expect("tasks");
        assert_eq!(graph.sets.len(), 12);
        let tree = Tree::of(&graph);
        assert!(tree.len() == 13 && count(&tree) < 2 * MOST_TASKS, "{}", count(&tree));
    }

    fn leaf(name: &'static str, share: f64) -> Ratio {
        Ratio { name, share, tags: &[], set: None, inside: Vec::new(), cut: false }
    }

    fn tree() -> Vec<Ratio> {
        let thread = Ratio { cut: true, ..leaf("back", 0.5) };
        let forum = Ratio { inside: vec![leaf("read", 0.5), thread], ..leaf("forum", 0.25) };
        vec![Ratio { inside: vec![leaf("walk", 0.75), forum], ..leaf("Reader", 0.5) }, leaf("Admin\"", 0.5)]
    }

    #[test]
    fn the_text_has_both_trees() {
        let text = text(&tree());
        let (per_class, total) = text.split_once("Total task ratio").expect("both");
        for line in [" * 50.0 Reader", "  * 75.0 walk", "  * 25.0 forum", "   * 50.0 read", "   * 50.0 back (as above)"]
        {
            assert!(per_class.lines().any(|found| found == line), "{line}:\n{per_class}");
        }
        for line in [" * 50.0 Reader", "  * 37.5 walk", "  * 12.5 forum", "   * 6.2 read"] {
            assert!(total.lines().any(|found| found == line), "{line}:\n{total}");
        }
    }

    #[test]
    fn the_json_is_json() {
        let json: serde_json::Value = serde_json::from_str(&json(&tree())).expect("JSON");
        assert_eq!(json["per_class"]["Reader"]["tasks"]["forum"]["tasks"]["read"]["ratio"], 0.5);
        assert_eq!(json["total"]["Reader"]["tasks"]["forum"]["tasks"]["read"]["ratio"], 0.0625);
        assert_eq!(json["total"]["Admin\""]["ratio"], 0.5);
    }
}
