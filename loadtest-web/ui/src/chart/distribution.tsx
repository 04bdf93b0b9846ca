import { count, time } from "../format";
import type { Bucket, Figures } from "../types";
import { Plot } from "./plot";
import { Zoom } from "./zoom";
import { useMemo } from "preact/hooks";

const MOST_BARS = 48;
const FEWEST_BARS = 12;
const PER_DOUBLING = [8, 4, 2, 1, 0.5];

/** Bars of latencies, each a fixed factor wide. */
function barsOf(buckets: Bucket[]) {
  const filled = buckets.filter(([, count]) => count > 0);
  const first = Math.max(filled[0]?.[0] ?? 1, 1e-3);
  const last = Math.max(filled.at(-1)?.[0] ?? 1, first);
  const doublings = Math.log2(last / first);
  // Never finer than the counts themselves are: bars without a count between others would look like gaps in the latencies.
  const steps = filled.slice(1).map(([upper], index) => Math.log2(upper / filled[index]![0])).sort((a, b) => a - b);
  const finest = 1.01 / (steps[Math.floor(steps.length * 0.75)] ?? 1 / MOST_BARS);
  const per = PER_DOUBLING.find((per) => doublings * per < MOST_BARS && per <= finest) ?? 0.5;
  const number = (upper: number) => Math.ceil(Math.log2(Math.max(upper, 1e-3)) * per - 0.05);
  const spare = Math.max(1, Math.ceil((FEWEST_BARS - doublings * per) / 2));
  const lowest = number(first) - spare;
  const counts = new Array<number>(number(last) - lowest + 1 + spare).fill(0);
  for (const [upper, count] of filled) {
    const at = number(upper) - lowest;
    counts[at] = (counts[at] ?? 0) + count;
  }
  return {
    counts,
    /** The latency at a place on the axis; a bar stands in the middle of its step. */
    at: (x: number) => 2 ** ((lowest + x - 0.5) / per),
    place: (millis: number) => Math.log2(Math.max(millis, 1e-3)) * per - lowest + 0.5,
  };
}

/** How the latencies of a row are distributed, with some percentiles marked. */
export function Distribution({ buckets, figures }: { buckets: Bucket[]; figures: Figures }) {
  const zoom = useMemo(() => new Zoom("distribution"), []);
  const { counts, at, place } = barsOf(buckets);
  const all = counts.reduce((sum, each) => sum + each, 0);
  const marks = (["p50", "p95", "p99"] as const).flatMap((name) => {
    const value = figures[name];
    return value === null ? [] : [{ x: place(value), text: name }];
  });
  return (
    <Plot
      title="Latency distribution"
      unit="count"
      low
      x={counts.map((_, index) => index)}
      end={counts.length - 1}
      zoom={zoom}
      marks={marks}
      steps={[1, 2, 4, 6, 8, 12, 16, 24, 48]}
      label={(x) => time(at(x))}
      lines={[{ name: "requests", color: "h5", values: counts, fill: 1, bars: true }]}
      tell={(index) => [
        { name: `${time(at(index - 0.5))} to ${time(at(index + 0.5))}`, color: null, text: "" },
        { name: "requests", color: "h5", text: count(counts[index] ?? 0) },
        { name: "share", color: null, text: all > 0 ? `${(((counts[index] ?? 0) / all) * 100).toFixed(1)} %` : "–" },
      ]}
    />
  );
}
