import { useEffect, useRef, useState } from "preact/hooks";
import { get, Refused, sendText } from "../api";
import { clock, count, dateAndTime, of, percent, rate, time } from "../format";
import { live } from "../live";
import { route } from "../route";
import { useStore } from "../store";
import { visible } from "../text";
import type { PastRun } from "../types";
import { Compare } from "./compare";

const PAIR = /^(\d+|now)-(\d+|now)$/;

/** Earlier runs of this process and files of saved ones; two can be compared. */
export function Runs() {
  const { run } = useStore(live);
  useStore(route);
  const [runs, setRuns] = useState<PastRun[] | null>(null);
  const [chosen, setChosen] = useState<string[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const pair = PAIR.exec(route.rest);

  const fetchRuns = () => get<PastRun[]>("runs").then(setRuns, (error: Error) => setProblem(error.message));
  useEffect(() => void fetchRuns(), [run.run, run.state]);

  const upload = async (files: FileList | null) => {
    setProblem(null);
    for (const each of files ?? []) {
      try {
        await sendText(`runs?name=${encodeURIComponent(each.name)}`, await each.text());
      } catch (error) {
        setProblem(`${each.name}: ${error instanceof Refused ? error.message : "cannot be read"}`);
      }
    }
    if (file.current) file.current.value = "";
    await fetchRuns();
  };
  const toggle = (number: string) =>
    setChosen((before) => (before.includes(number) ? before.filter((each) => each !== number) : [...before.slice(-1), number]));

  if (pair) return <Compare a={pair[1]!} b={pair[2]!} close={() => route.go("runs")} />;
  const rows = runs ?? [];
  // A run that goes on is not among those that ended.
  const isOn = run.run > 0 && !rows.some((past) => past.run === run.run && past.name === null);
  const number = (each: string) => (each === "now" ? Infinity : Number(each));
  const [a, b] = [...chosen].sort((one, other) => number(one) - number(other));
  return (
    <>
      <div class="toolbar">
        <button type="button" class="primary" disabled={!a || !b} onClick={() => route.go("runs", `${a}-${b}`)}>
          Compare two
        </button>
        <label class="button">
          Add a saved JSON report
          <input ref={file} class="unseen" type="file" accept=".json,application/json" multiple onChange={(event) => void upload(event.currentTarget.files)} />
        </label>
        <p class="note">Choose two to compare them.</p>
      </div>
      {problem && <p class="bad" role="alert">{problem}</p>}
      {rows.length === 0 && !isOn ? (
        <p class="empty">No run has ended yet. A report of an earlier day, saved with --json-file, can be added and compared.</p>
      ) : (
        <div class="scroll">
          <table aria-label="Runs">
            <thead>
              <tr>
                <th scope="col" class="t">Run</th>
                <th scope="col" class="t">Started</th>
                <th scope="col">Lasted</th>
                <th scope="col">Users</th>
                <th scope="col">Requests</th>
                <th scope="col">Failed</th>
                <th scope="col">RPS</th>
                <th scope="col">Median</th>
                <th scope="col">p95</th>
                <th scope="col">p99</th>
                <th scope="col">Thresholds met</th>
                <th scope="col" class="t">Ended</th>
              </tr>
            </thead>
            <tbody>
              {isOn && (
                <tr>
                  <Choice number="now" title={`Run ${run.run}`} about="goes on" chosen={chosen} toggle={toggle} />
                  <td class="t">{dateAndTime(run.started_at)}</td>
                  <td>{clock(run.elapsed)}</td>
                  <td>{count(run.users)}</td>
                  <Total total={run.total} />
                  <td>{run.thresholds.length > 0 ? `${run.thresholds.filter(({ verdict }) => verdict === "met").length} of ${run.thresholds.length}` : "–"}</td>
                  <td class="t">–</td>
                </tr>
              )}
              {[...rows].reverse().map((past) => (
                <tr key={past.run}>
                  <Choice number={String(past.run)} title={visible(past.name ?? `Run ${past.run}`)} about={past.name === null ? "" : `file, ${past.run}`} chosen={chosen} toggle={toggle} />
                  <td class="t">{dateAndTime(past.started_at)}</td>
                  <td>{clock(past.duration)}</td>
                  <td>{count(past.users)}</td>
                  <Total total={past.total} />
                  <td class={past.thresholds_met < past.thresholds ? "bad" : ""}>{past.thresholds > 0 ? `${past.thresholds_met} of ${past.thresholds}` : "–"}</td>
                  <td class="t wide">{visible(past.ended)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > 0 && <p class="note">{of(rows.length, "run is", "runs are")} kept, at most the last 20. Their data are under Downloads.</p>}
    </>
  );
}

function Choice({ number, title, about, chosen, toggle }: { number: string; title: string; about: string; chosen: string[]; toggle: (number: string) => void }) {
  return (
    <th scope="row">
      <label class="check">
        <input type="checkbox" checked={chosen.includes(number)} onChange={() => toggle(number)} />
        <span>
          {title} {about !== "" && <small>{about}</small>}
        </span>
      </label>
    </th>
  );
}

function Total({ total }: { total: PastRun["total"] }) {
  return (
    <>
      <td>{count(total.ok + total.failed)}</td>
      <td class={total.failed > 0 ? "bad" : ""}>{percent(total.fail_ratio)}</td>
      <td>{rate(total.total_rps)}</td>
      <td>{time(total.p50)}</td>
      <td>{time(total.p95)}</td>
      <td>{time(total.p99)}</td>
    </>
  );
}
