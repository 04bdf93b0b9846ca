import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useStore } from "../store";
import { theme } from "../theme";
import { drawMarks, type Mark } from "./marks";
import { savePng } from "./png";
import { attachReadout, type Shown } from "./readout";
import { showTick, type Unit } from "./units";
import type { Zoom } from "./zoom";

export interface Line {
  name: string;
  /** A colour of the style sheet. */
  color: string;
  values: (number | null)[];
  /** How strongly the area below is filled. */
  fill?: number;
  dash?: boolean;
  bars?: boolean;
}

export interface PlotProps {
  title: string;
  caption?: string;
  unit: Unit;
  x: number[];
  lines: Line[];
  /** Where the axis ends when it is not zoomed. */
  end: number;
  zoom: Zoom;
  marks?: Mark[];
  /** The label of a place on the axis. */
  label: (x: number) => string;
  /** Steps of the axis, smallest first. */
  steps?: number[];
  low?: boolean;
  log?: boolean;
  /** Instead of lines. */
  draw?: (plot: uPlot) => void;
  yRange?: [number, number];
  /** What is said of a place, instead of the lines' values. */
  tell?: (index: number) => Shown[];
  actions?: ComponentChildren;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
const POWERS_OF_TWO = Array.from({ length: 44 }, (_, power) => 2 ** power);
const AXIS_WIDTH = 62;
const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif";

/** Values without a neighbour, which no line shows. */
function alone(plot: uPlot, series: number): number[] {
  const values = plot.data[series] ?? [];
  const found: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) found.push(at);
  }
  return found;
}

function ofLine(line: Line, isDrawn: boolean): uPlot.Series {
  const series: uPlot.Series = {
    label: line.name,
    stroke: () => theme.color(line.color),
    width: 1.6,
    points: { show: false, size: 5, filter: alone },
    spanGaps: false,
  };
  if (line.fill) series.fill = () => theme.color(line.color, line.fill);
  if (line.dash) series.dash = [5, 4];
  if (line.bars) {
    series.paths = uPlot.paths.bars!({ size: [0.86, 40], gap: 0 });
    series.width = 0;
  }
  if (isDrawn) {
    series.paths = () => null;
    series.points = { show: false };
  }
  return series;
}

function options(props: () => PlotProps, width: number, height: number): uPlot.Options {
  const { zoom, unit, steps, log, lines, draw } = props();
  const axis: uPlot.Axis = {
    stroke: () => theme.color("faint"),
    grid: { show: draw === undefined, stroke: () => theme.color("line"), width: 1 },
    ticks: { show: false },
    font: FONT,
    gap: 6,
  };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 14, 0, 0],
    scales: {
      x: { time: false, range: () => rangeOf(props()) },
      y: { distr: log ? 3 : 1, log: draw ? 2 : 10, range: (_, low, high) => props().yRange ?? heightOf(low, high, log === true) },
    },
    axes: [
      { ...axis, size: 26, space: 70, incrs: steps ?? STEPS, values: (_, at) => at.map((x) => props().label(x)) },
      {
        ...axis,
        size: AXIS_WIDTH,
        ...(unit === "bytes" ? { incrs: POWERS_OF_TWO } : {}),
        space: 28,
        values: (_, at) => at.map((value) => (value == null ? "" : showTick(unit, value))),
      },
    ],
    series: [{}, ...lines.map((line) => ofLine(line, draw !== undefined))],
    cursor: {
      y: false,
      points: { show: draw === undefined && !lines.some((line) => line.bars), size: 6 },
      drag: { x: true, y: false, setScale: false },
      sync: { key: zoom.group, setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
      bind: { dblclick: () => () => (zoom.set(null), null) },
    },
    hooks: {
      draw: [(plot) => drawMarks(plot, props().marks ?? [])],
      drawClear: [(plot) => props().draw?.(plot)],
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const min = plot.posToVal(plot.select.left, "x");
          const max = plot.posToVal(plot.select.left + plot.select.width, "x");
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          zoom.set({ min, max });
        },
      ],
    },
  };
}

function rangeOf({ zoom, end, lines }: PlotProps): uPlot.Range.MinMax {
  if (lines.some((line) => line.bars)) return [-0.6, end + 0.6];
  return zoom.range ? [zoom.range.min, zoom.range.max] : [0, Math.max(end, 1)];
}

function heightOf(low: number | null, high: number | null, log: boolean): uPlot.Range.MinMax {
  const most = high == null || high <= 0 ? 1 : high;
  if (!log) return [0, most * 1.08];
  return [10 ** Math.floor(Math.log10(Math.max(low ?? 0.01, 0.001))), 10 ** Math.ceil(Math.log10(most * 1.05))];
}

/** The place of a chart until it is drawn again with new values: uPlot keeps a canvas of its own. */
export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useStore(theme);
  useStore(props.zoom);
  const { lines, x, log } = props;
  const shape = lines.map((line) => `${line.name}\u0000${line.color}`).join("\u0001");

  useLayoutEffect(() => {
    const box = place.current!;
    const made = new uPlot(options(() => latest.current, box.clientWidth, box.clientHeight), [[]], box);
    plot.current = made;
    const detach = attachReadout(made, () => latest.current);
    const watch = new ResizeObserver(() => made.setSize({ width: box.clientWidth, height: box.clientHeight }));
    watch.observe(box);
    return () => {
      watch.disconnect();
      detach();
      made.destroy();
      plot.current = null;
    };
  }, [shape, theme.turn, log]);

  useEffect(() => {
    const values = log ? lines.map((line) => line.values.map((value) => (value !== null && value > 0 ? value : null))) : lines.map((line) => line.values);
    plot.current?.setData([x, ...values] as uPlot.AlignedData);
  });

  return (
    <figure class={props.low ? "chart low" : "chart"}>
      <figcaption>
        <h3>{props.title}</h3>
        {props.caption && <p>{props.caption}</p>}
        <ul class="legend">
          {props.draw === undefined && lines.map((line) => <li key={line.name} class={`c-${line.color}${line.dash ? " dashed" : ""}`}>{line.name}</li>)}
        </ul>
        <span class="chart-actions">
          {props.actions}
          <button type="button" class="quiet" aria-label={`Save the chart ${props.title} as PNG`} onClick={() => plot.current && savePng(plot.current, latest.current)}>
            PNG
          </button>
        </span>
      </figcaption>
      <div class="plot" ref={place} />
    </figure>
  );
}
