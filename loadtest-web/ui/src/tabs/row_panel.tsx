import { useEffect, useMemo, useRef } from "preact/hooks";
import { Distribution } from "../chart/distribution";
import { join, valuesOf } from "../chart/joined";
import { Plot } from "../chart/plot";
import { Zoom } from "../chart/zoom";
import { count, millis, percent, percentileName, rate, time } from "../format";
import { live } from "../live";
import { usePolled } from "../poll";
import { visible } from "../text";
import type { RowDetail } from "../types";

const LINES = [
  ["p50", "p50"],
  ["p95", "p95"],
  ["p99", "p99"],
] as const;

/** All of one row: over time, how its latencies are distributed, its statuses and phases. */
export function RowPanel({ id, close }: { id: number; close: () => void }) {
  const { value: detail, error } = usePolled<RowDetail>(`rows/${id}`, live.turn);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    panel.current?.focus({ preventScroll: true });
    return () => before?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    const escape = (event: KeyboardEvent) => event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]") && close();
    addEventListener("keydown", escape);
    return () => removeEventListener("keydown", escape);
  }, [close]);

  const row = live.rows.get(id);
  const name = id === 0 ? "Aggregated" : visible(row?.name ?? detail?.row.name ?? "");
  return (
    <aside class="panel" ref={panel} tabIndex={-1} aria-label={`Details: ${name}`}>
      <header>
        <h2>
          {id !== 0 && <span class="method">{visible(row?.method ?? detail?.row.method ?? "")} </span>}
          {name}
        </h2>
        <button type="button" class="quiet close" aria-label="Close" onClick={close}>
          ✕
        </button>
      </header>
      {error && <p class="bad">{error}</p>}
      {detail ? <Detail detail={detail} /> : !error && <p class="note">…</p>}
    </aside>
  );
}

function Detail({ detail }: { detail: RowDetail }) {
  const { row, statuses, phases, response } = detail;
  return (
    <>
      <dl class="tiles">
        <Tile name="Requests" value={count(row.ok + row.failed)} />
        <Tile name="Failed" value={percent(row.fail_ratio)} bad={row.failed > 0} />
        <Tile name="RPS" value={rate(row.rps)} />
        <Tile name="Median" value={time(row.p50)} />
        <Tile name="p95" value={time(row.p95)} />
        <Tile name="p99" value={time(row.p99)} />
        <Tile name="Max" value={time(row.max)} />
      </dl>
      <OverTime detail={detail} />
      {detail.distribution.some(([, count]) => count > 0) && <Distribution buckets={detail.distribution} figures={row} />}
      {response && (
        <p class="note">
          Response time, with what the task was late by:{" "}
          {Object.entries(response)
            .map(([name, value]) => `${percentileName(name)} ${time(value)}`)
            .join(" · ")}
        </p>
      )}
      {statuses.length > 0 && (
        <div class="scroll">
          <table aria-label="Statuses">
            <thead>
              <tr>
                <th scope="col" class="t">Status</th>
                <th scope="col">Requests</th>
                <th scope="col">Share</th>
                <th scope="col">Median</th>
                <th scope="col">p95</th>
                <th scope="col">Max</th>
              </tr>
            </thead>
            <tbody>
              {statuses.map((status) => (
                <tr key={status.status}>
                  <th scope="row" class={statusClass(status.status)}>{visible(status.status)}</th>
                  <td>{count(status.count)}</td>
                  <td>{percent(status.share)}</td>
                  <td>{millis(status.p50)}</td>
                  <td>{millis(status.p95)}</td>
                  <td>{millis(status.max)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {phases.length > 0 && (
        <div class="scroll">
          <table aria-label="Phases">
            <thead>
              <tr>
                <th scope="col" class="t">Phase</th>
                <th scope="col">Median</th>
                <th scope="col">p95</th>
                <th scope="col">Max</th>
              </tr>
            </thead>
            <tbody>
              {phases.map((phase) => (
                <tr key={phase.phase}>
                  <th scope="row">{phase.phase}</th>
                  <td>{millis(phase.p50)}</td>
                  <td>{millis(phase.p95)}</td>
                  <td>{millis(phase.max)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

const statusClass = (status: string) => (/^[45]\d\d/.test(status) ? "bad" : /^2\d\d/.test(status) ? "good" : "");

function Tile({ name, value, bad }: { name: string; value: string; bad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={bad ? "bad" : ""}>{value}</dd>
    </div>
  );
}

function OverTime({ detail }: { detail: RowDetail }) {
  const zoom = useMemo(() => new Zoom("row"), []);
  const joined = useMemo(() => join([{ run: live.run.run, points: detail.history, markers: live.run.markers }]), [detail]);
  if (joined.x.length === 0) return <p class="note">There is no history of this row.</p>;
  const common = { x: joined.x, end: Math.max(joined.end, live.run.elapsed - live.run.since), label: joined.label, zoom, marks: joined.marks, low: true };
  return (
    <>
      <Plot
        {...common}
        title="Rate"
        unit="rate"
        lines={[
          { name: "requests", color: "ok", values: valuesOf(joined, (point) => point.rps), fill: 0.12 },
          { name: "failures", color: "bad", values: valuesOf(joined, (point) => point.fps), fill: 0.5 },
        ]}
      />
      <Plot
        {...common}
        title="Latency"
        unit="time"
        lines={LINES.map(([name, color]) => ({ name, color, values: valuesOf(joined, (point) => point[name]) }))}
      />
    </>
  );
}
