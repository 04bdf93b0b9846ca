import { clock } from "../format";
import type { Measured } from "../live";
import type { Point } from "../types";
import type { Mark } from "./marks";

/** Between two runs on one axis, as a share of all. */
const GAP = 0.02;

/** The points of one or more runs, one after the other on one axis. */
export interface Joined {
  x: number[];
  /** None: the gap between two runs, which breaks lines. */
  points: (Point | null)[];
  marks: Mark[];
  end: number;
  label: (x: number) => string;
}

export function join(runs: Measured[]): Joined {
  const lengths = runs.map(({ points }) => points.at(-1)?.t ?? 0);
  const gap = Math.max(1, GAP * lengths.reduce((sum, length) => sum + length, 0));
  const x: number[] = [];
  const points: (Point | null)[] = [];
  const marks: Mark[] = [];
  const starts: number[] = [];
  let start = 0;
  runs.forEach((run, index) => {
    if (index > 0) {
      x.push(start - gap / 2);
      points.push(null);
    }
    starts.push(start);
    if (runs.length > 1) marks.push({ x: start, text: `Run ${run.run}` });
    for (const marker of run.markers) marks.push({ x: start + marker.t, text: marker.text });
    let last: Point | undefined;
    for (const point of run.points) {
      // Rows have points only of times in which they had requests: in between there is nothing to draw.
      if (last && point.t - point.length > last.t + last.length / 2) {
        x.push(start + (last.t + point.t - point.length) / 2);
        points.push(null);
      }
      last = point;
      x.push(start + Math.max(0, point.t - point.length / 2));
      points.push(point);
    }
    start += (lengths[index] ?? 0) + gap;
  });
  const label = (at: number) => clock(at - (starts.findLast((each) => each <= at) ?? 0));
  return { x, points, marks, end: Math.max(0, start - gap), label };
}

export const valuesOf = (joined: Joined, value: (point: Point) => number | null | undefined): (number | null)[] =>
  joined.points.map((point) => (point ? (value(point) ?? null) : null));
