import { useMemo } from "preact/hooks";
import { count, time } from "../format";
import { millisAt, placeOf } from "./buckets";
import type { Bucket, Figures } from "../types";
import { Plot } from "./plot";
import { Zoom } from "./zoom";

const MOST_BARS = 48;
const FEWEST_BARS = 12;
/** So many buckets the server counts in each power of two. */
const STEPS = 8;
/** So many of them make one bar. */
const MERGED = [1, 2, 4, 8, 16];

function barsOf(buckets: Bucket[]) {
  const filled = buckets.filter(([, count]) => count > 0).map(([upper, count]) => [Math.round(placeOf(upper, STEPS)), count] as const);
  const [first, last] = [filled[0]?.[0] ?? 1, filled.at(-1)?.[0] ?? 1];
  const merged = MERGED.find((merged) => (last - first) / merged < MOST_BARS) ?? 16;
  const number = (place: number) => Math.ceil(place / merged) - 1;
  const spare = Math.max(1, Math.ceil((FEWEST_BARS - (last - first) / merged) / 2));
  const lowest = Math.max(0, number(first) - spare);
  const counts = new Array<number>(number(last) - lowest + 1 + spare).fill(0);
  for (const [place, count] of filled) counts[number(place) - lowest]! += count;
  return {
    counts,
    /** The latency at a place on the axis; a bar stands in the middle of its step. */
    at: (x: number) => millisAt((lowest + x + 0.5) * merged, STEPS),
    place: (millis: number) => placeOf(millis, STEPS) / merged - lowest - 0.5,
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
