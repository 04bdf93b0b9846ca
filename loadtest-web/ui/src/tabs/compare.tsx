import { useEffect, useMemo, useState } from "preact/hooks";
import { get } from "../api";
import { Plot, type Line } from "../chart/plot";
import type { Unit } from "../chart/units";
import { Zoom } from "../chart/zoom";
import { clock, count, difference, millis, NONE, percent, rate } from "../format";
import { matches, Search, wordsOf } from "../table/search";
import { sorted, VirtualTable, type Column, type Sorting } from "../table/virtual";
import { visible } from "../text";
import type { Comparison, Figures, PastRun, Point } from "../types";

type Pair = Comparison["rows"][number];

const title = (run: PastRun) => visible(run.name ?? `Run ${run.run}`);

/** Two runs side by side: what changed in each row, and their charts over each other. */
export function Compare({ a, b, close }: { a: string; b: string; close: () => void }) {
  const [comparison, set] = useState<Comparison | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    get<Comparison>(`compare?a=${a}&b=${b}`).then(set, (error: Error) => setProblem(error.message));
  }, [a, b]);
  return (
    <>
      <div class="toolbar">
        <button type="button" onClick={close}>
          ← All runs
        </button>
        {comparison && (
          <p class="note">
            A: {title(comparison.a)}, {clock(comparison.a.duration)}, {count(comparison.a.users)} users · B: {title(comparison.b)}, {clock(comparison.b.duration)},{" "}
            {count(comparison.b.users)} users
          </p>
        )}
      </div>
      {problem && <p class="bad">{problem}</p>}
      {comparison && <Overlaid comparison={comparison} />}
      {comparison && <Differences rows={comparison.rows} />}
    </>
  );
}

function Overlaid({ comparison }: { comparison: Comparison }) {
  const zoom = useMemo(() => new Zoom("compare"), []);
  const chart = (name: string, unit: Unit, color: string, value: (point: Point) => number | null) => {
    const both = overlay(comparison.a_history, comparison.b_history, value);
    const lines: Line[] = [
      { name: "A", color: "faint", values: both.a, dash: true },
      { name: "B", color, values: both.b },
    ];
    return <Plot title={name} unit={unit} low x={both.x} end={both.x.at(-1) ?? 0} label={clock} zoom={zoom} lines={lines} />;
  };
  return (
    <div class="charts">
      {chart("Rate", "rate", "ok", (point) => point.rps)}
      {chart("Failures", "rate", "bad", (point) => point.fps)}
      {chart("p95", "time", "p95", (point) => point.p95)}
      {chart("Users", "count", "users", (point) => point.users)}
    </div>
  );
}

/** Both on one axis. Where one has no point at the other's moment, its last one is taken as long as that lasts. */
function overlay(a: Point[], b: Point[], value: (point: Point) => number | null) {
  const middle = (point: Point) => Math.max(0, point.t - point.length / 2);
  const x = [...new Set([...a, ...b].map(middle))].sort((one, other) => one - other);
  const at = (points: Point[]) => {
    let index = 0;
    return x.map((moment) => {
      while (index < points.length - 1 && points[index]!.t < moment) index += 1;
      const point = points[index];
      return point && moment <= point.t && moment >= point.t - point.length ? value(point) : null;
    });
  };
  return { x, a: at(a), b: at(b) };
}

const figure = (key: string, name: string, value: (figures: Figures) => number | null, text: (value: number) => string, lessIsBetter: boolean | null): Column<Pair>[] => {
  const of = (figures: Figures | null) => (figures ? value(figures) : null);
  const shown = (number: number | null) => (number === null ? NONE : text(number));
  const change = ({ a, b }: Pair) => {
    const [from, to] = [of(a), of(b)];
    return from === null || to === null || from === 0 ? null : (to - from) / from;
  };
  return [
    { key: `${key}-a`, title: `${name} A`, cell: ({ a }) => shown(of(a)), value: ({ a }) => of(a), class: () => "z" },
    { key: `${key}-b`, title: "B", cell: ({ b }) => shown(of(b)), value: ({ b }) => of(b) },
    {
      key: `${key}-change`,
      title: "Change",
      cell: ({ a, b }) => difference(of(a), of(b)),
      value: change,
      class: (pair) => {
        const by = change(pair);
        if (by === null || lessIsBetter === null || Math.abs(by) < 0.05) return "z";
        return by < 0 === lessIsBetter ? "good" : "bad";
      },
    },
  ];
};

const COLUMNS: Column<Pair>[] = [
  {
    key: "name",
    title: "Name",
    isText: true,
    value: ({ method, name }) => `${name} ${method}`,
    cell: ({ method, name, a, b }) => (
      <span class="cut" title={visible(`${method} ${name}`)}>
        <span class="method">{visible(method)} </span>
        {visible(name)}
        {!a && <small> only in B</small>}
        {!b && <small> only in A</small>}
      </span>
    ),
  },
  ...figure("p50", "Median", (figures) => figures.p50, millis, true),
  ...figure("p95", "p95", (figures) => figures.p95, millis, true),
  ...figure("p99", "p99", (figures) => figures.p99, millis, true),
  ...figure("rps", "RPS", (figures) => figures.total_rps, rate, null),
  ...figure("failed", "Fails", (figures) => figures.fail_ratio, percent, true),
];

function Differences({ rows }: { rows: Pair[] }) {
  const [search, setSearch] = useState("");
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const total = rows.at(-1);
  const found = useMemo(() => {
    const words = wordsOf(search);
    const column = COLUMNS.find(({ key }) => key === sorting?.key);
    return sorted(rows.slice(0, -1).filter(({ method, name }) => matches(words, `${method} ${name}`.toLowerCase())), column, sorting);
  }, [rows, search, sorting]);
  return (
    <section>
      <h2>Differences</h2>
      <div class="toolbar">
        <Search label="Search names" value={search} change={setSearch} />
        <p class="note">Times in ms. Changes of less than 5 % are grey: runs differ by themselves.</p>
      </div>
      <VirtualTable label="Differences between the runs" columns={COLUMNS} rows={found} id={({ method, name }) => `${method}\n${name}`} total={total} sorting={sorting} sort={setSorting} empty="No name has these words." />
    </section>
  );
}
