import { bytes, count, millis, percent, percentileName, rate } from "../format";
import type { Column } from "../table/virtual";
import { visible } from "../text";
import { PERCENTILES, type Figures, type Row } from "../types";

const AGGREGATED = "Aggregated";

const numbers = (key: string, title: string, about: string, value: (figures: Figures) => number | null, text: (value: number) => string): Column<Row> => ({
  key,
  title,
  about,
  value,
  cell: (row) => {
    const number = value(row);
    return number === null ? "–" : text(number);
  },
  class: (row) => (value(row) ? "" : "z"),
});

const NAME: Column<Row> = {
  key: "name",
  title: "Name",
  isText: true,
  value: (row) => `${row.name} ${row.method}`,
  cell: (row) => (
    <span class="cut" title={row.id === 0 ? AGGREGATED : visible(`${row.method} ${row.name}`)}>
      {row.id !== 0 && row.method !== "" && <span class="method">{visible(row.method)} </span>}
      {row.id === 0 ? AGGREGATED : visible(row.name)}
    </span>
  ),
};

const requests = (figures: Figures) => figures.ok + figures.failed;

/** All that there are, in their order. */
export const COLUMNS: Column<Row>[] = [
  NAME,
  numbers("requests", "Requests", "Requests with a verdict", requests, count),
  {
    ...numbers("failed", "Fails", "Failed requests", (figures) => figures.failed, count),
    class: (row) => (row.failed > 0 ? "bad" : "z"),
  },
  {
    ...numbers("fail_ratio", "Fails %", "Share of failed requests", (figures) => figures.fail_ratio, percent),
    class: (row) => (row.fail_ratio ? "bad" : "z"),
  },
  numbers("p50", "Median", "Half of the requests took at most so many milliseconds", (figures) => figures.p50, millis),
  ...PERCENTILES.filter((name) => name !== "p50" && name !== "max").map((name) =>
    numbers(name, percentileName(name), `This share of the requests took at most so many milliseconds`, (figures) => figures[name], millis),
  ),
  numbers("avg", "Average", "Mean time in milliseconds", (figures) => figures.avg, millis),
  numbers("min", "Min", "Shortest time in milliseconds", (figures) => figures.min, millis),
  numbers("max", "Max", "Longest time in milliseconds", (figures) => figures.max, millis),
  numbers("size", "Size", "Mean size of the content of an answer", (figures) => figures.size, bytes),
  numbers("rps", "RPS", "Requests per second in the last ten seconds", (figures) => figures.rps, rate),
  {
    ...numbers("fps", "Fails/s", "Failures per second in the last ten seconds", (figures) => figures.fps, rate),
    class: (row) => (row.fps > 0 ? "bad" : "z"),
  },
  numbers("total_rps", "RPS, all", "Requests per second over the whole run", (figures) => figures.total_rps, rate),
  numbers("total_fps", "Fails/s, all", "Failures per second over the whole run", (figures) => figures.total_fps, rate),
  numbers("started", "Started", "Requests that were sent", (figures) => figures.started, count),
  numbers("interrupted", "Interrupted", "Requests that ended without a verdict, as the run stopped", (figures) => figures.interrupted, count),
];

/** Those that Locust shows, and the share of failures. */
export const FIRST_COLUMNS = ["requests", "failed", "fail_ratio", "p50", "p95", "p99", "avg", "min", "max", "size", "rps", "fps"];
