import uPlot from "uplot";
import { clock, count, time } from "../format";
import { theme } from "../theme";
import { lowerOf } from "./buckets";
import type { Joined } from "./joined";
import { Plot } from "./plot";
import type { Zoom } from "./zoom";

const SHADES = 7;
/** The lengths of a column, in seconds. */
const LENGTHS = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];
/** The narrowest column, in pixels. */
const NARROWEST = 4;
/** So many buckets the server counts in each power of two. */
const STEPS = 4;

interface Column {
  from: number;
  to: number;
  counts: Map<number, number>;
}

/** Points with their counts, put together until each column is wide enough to be seen. */
function columnsOf(joined: Joined, secondsPerPixel: number): Column[] {
  const length = LENGTHS.find((length) => length >= secondsPerPixel * NARROWEST) ?? 7200;
  const columns = new Map<number, Column>();
  joined.points.forEach((point, index) => {
    if (!point?.heat) return;
    const middle = joined.x[index] ?? 0;
    const number = Math.floor(middle / length);
    const column = columns.get(number) ?? { from: middle, to: middle, counts: new Map<number, number>() };
    column.from = Math.min(column.from, middle - point.length / 2);
    column.to = Math.max(column.to, middle + point.length / 2);
    for (const [upper, count] of point.heat) column.counts.set(upper, (column.counts.get(upper) ?? 0) + count);
    columns.set(number, column);
  });
  return [...columns.values()];
}

function draw(plot: uPlot, joined: Joined): void {
  const { min, max } = plot.scales["x"] ?? {};
  if (min == null || max == null) return;
  const { ctx, bbox } = plot;
  const columns = columnsOf(joined, (max - min) / (bbox.width / uPlot.pxRatio));
  let highest = 1;
  for (const column of columns) for (const count of column.counts.values()) highest = Math.max(highest, count);
  const most = Math.log1p(highest);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const { from, to, counts } of columns) {
    if (to < min || from > max) continue;
    const left = Math.floor(plot.valToPos(from, "x", true));
    const width = Math.max(1, Math.ceil(plot.valToPos(to, "x", true)) - left);
    for (const [upper, count] of counts) {
      if (count === 0) continue;
      const top = Math.floor(plot.valToPos(upper, "y", true));
      const bottom = Math.ceil(plot.valToPos(Math.max(lowerOf(upper, STEPS), plot.scales["y"]?.min ?? 0), "y", true));
      const shade = Math.min(SHADES, Math.max(1, Math.ceil((Math.log1p(count) / most) * SHADES)));
      ctx.fillStyle = theme.color(`h${shade}`);
      ctx.fillRect(left, top, width, Math.max(1, bottom - top));
    }
  }
  ctx.restore();
}

/** When which latencies occurred: the darker, the more requests. */
export function Heat({ joined, zoom }: { joined: Joined; zoom: Zoom }) {
  let low = Infinity;
  let high = 0;
  for (const point of joined.points) {
    for (const [upper] of point?.heat ?? []) {
      low = Math.min(low, lowerOf(upper, STEPS) || upper / 2);
      high = Math.max(high, upper);
    }
  }
  // From a power of two on, which is where the axis puts its labels.
  const from = 2 ** Math.floor(Math.log2(low));
  const range: [number, number] = high > 0 ? [from, Math.max(high, from * 4)] : [1, 1024];
  return (
    <Plot
      title="Latency heat map"
      caption="Each cell: how many requests took so long then. The stronger, the more."
      unit="time"
      x={joined.x}
      end={joined.end}
      label={joined.label}
      zoom={zoom}
      marks={joined.marks}
      log
      yRange={range}
      lines={[{ name: "max", color: "p99", values: joined.points.map((point) => point?.max ?? null) }]}
      draw={(plot) => draw(plot, joined)}
      tell={(index) => {
        const point = joined.points[index];
        if (!point) return [];
        const requests = (point.heat ?? []).reduce((sum, [, count]) => sum + count, 0);
        return [
          { name: `requests in ${clock(point.length)}`, color: null, text: count(requests) },
          { name: "p50", color: "p50", text: time(point.p50) },
          { name: "p95", color: "p95", text: time(point.p95) },
          { name: "p99", color: "p99", text: time(point.p99) },
          { name: "max", color: null, text: time(point.max) },
        ];
      }}
    />
  );
}
