import type { JSX } from "preact";
import { count, of, percent } from "../format";
import { live } from "../live";
import { usePolled } from "../poll";
import { useStore } from "../store";
import type { ClassShare, TaskShare } from "../types";

/** What share each class and task was planned to have, and what it has. */
export function Ratio() {
  useStore(live);
  const { value: classes, error } = usePolled<ClassShare[]>("tasks", live.turn);
  if (error && !classes) return <p class="empty bad">{error}</p>;
  if (!classes) return <p class="empty">…</p>;
  if (classes.length === 0) return <p class="empty">There is no user class.</p>;
  return (
    <>
      <p class="note">Of a class: its share of the users. Of a task: its share of the tasks run by its class. The bar is what was planned, the mark what it is.</p>
      <div class="scroll">
        <table class="ratio" aria-label="Task ratio">
          <thead>
            <tr>
              <th scope="col" class="t">Class and task</th>
              <th scope="col">Planned</th>
              <th scope="col">Actual</th>
              <th scope="col" class="t bar-head"><span class="unseen">Planned and actual as a bar</span></th>
              <th scope="col">Times run</th>
            </tr>
          </thead>
          <tbody>
            {classes.map((each) => [
              <tr key={each.class} class="class">
                <th scope="row">
                  {each.class} <small>{of(each.users, "user", "users")}</small>
                </th>
                <td>{percent(each.planned)}</td>
                <td>{percent(each.actual)}</td>
                <Bar planned={each.planned} actual={each.actual} />
                <td />
              </tr>,
              ...each.tasks.flatMap((task) => rows(task, 1, each.class)),
            ])}
          </tbody>
        </table>
      </div>
    </>
  );
}

function rows(task: TaskShare, depth: number, path: string): JSX.Element[] {
  const key = `${path}\n${task.name}`;
  return [
    <tr key={key}>
      <th scope="row" style={{ paddingLeft: `${0.625 + depth * 1.25}rem` }}>{task.name}</th>
      <td>{percent(task.planned)}</td>
      <td>{percent(task.actual)}</td>
      <Bar planned={task.planned} actual={task.actual} />
      <td>{count(task.count)}</td>
    </tr>,
    ...task.inside.flatMap((inside) => rows(inside, depth + 1, key)),
  ];
}

function Bar({ planned, actual }: { planned: number; actual: number | null }) {
  const place = (share: number) => `${Math.min(100, Math.max(0, share * 100))}%`;
  return (
    <td class="t bar-cell" aria-hidden="true">
      <div class="bar">
        <div class="planned" style={{ width: place(planned) }} />
        {actual !== null && <div class="actual" style={{ left: place(actual) }} />}
      </div>
    </td>
  );
}
