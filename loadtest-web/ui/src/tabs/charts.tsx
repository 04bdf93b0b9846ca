import { useEffect, useMemo, useState } from "preact/hooks";
import { Heat } from "../chart/heat";
import { join, valuesOf, type Joined } from "../chart/joined";
import { Plot, type PlotProps } from "../chart/plot";
import { Zoom } from "../chart/zoom";
import { bytes, percent, percentileName, time } from "../format";
import { keep, kept } from "../kept";
import { live } from "../live";
import { Menu } from "../menu";
import { useStore } from "../store";
import { PERCENTILES, type Percentile, type Point } from "../types";

type Common = Pick<PlotProps, "x" | "end" | "label" | "zoom" | "marks">;

export function Charts() {
  useStore(live);
  const zoom = useStore(useMemo(() => new Zoom("charts"), []));
  const [withEarlier, setWithEarlier] = useState(() => kept("earlier", false));
  useEffect(() => {
    if (withEarlier) void live.fetchEarlier();
  }, [withEarlier, live.run.run]);

  const joined = useMemo(
    () => join([...(withEarlier ? live.earlier : []), { run: live.run.run, points: live.points, markers: live.run.markers }]),
    [live.turn, live.earlier, withEarlier],
  );
  const common: Common = { x: joined.x, end: joined.end, label: joined.label, zoom, marks: joined.marks };
  const toggle = () => {
    keep("earlier", !withEarlier);
    zoom.set(null);
    setWithEarlier(!withEarlier);
  };

  return (
    <>
      <div class="toolbar">
        <p class="note">Drag over a stretch to zoom in; a double click shows all again. In a chart, + − 0 do the same.</p>
        <button type="button" disabled={joined.end === 0} onClick={() => zoom.step(0.5, joined.end)}>
          Zoom in
        </button>
        {zoom.range && (
          <button type="button" onClick={() => zoom.set(null)}>
            Show all
          </button>
        )}
        {live.run.run > 1 && (
          <label class="check">
            <input type="checkbox" checked={withEarlier} onChange={toggle} />
            Earlier runs too
          </label>
        )}
      </div>
      {joined.points.length === 0 && <p class="empty">Charts begin with the first second of a run.</p>}
      <div class="charts">
        <Plot
          {...common}
          title="Rate"
          unit="rate"
          lines={[
            { name: "requests", color: "ok", values: valuesOf(joined, (point) => point.rps), fill: 0.12 },
            { name: "failures", color: "bad", values: valuesOf(joined, (point) => point.fps), fill: 0.5 },
          ]}
        />
        <Latency joined={joined} common={common} />
        <Plot {...common} title="Users" unit="count" lines={[{ name: "users", color: "users", values: valuesOf(joined, (point) => point.users), fill: 0.12 }]} />
        <Heat joined={joined} zoom={zoom} />
      </div>
      <Generator joined={joined} common={common} />
    </>
  );
}

const FIRST: Percentile[] = ["p50", "p95", "p99"];

const RESPONSE: Percentile[] = ["p50", "p95", "p99", "max"];

function Latency({ joined, common }: { joined: Joined; common: Common }) {
  const [chosen, setChosen] = useState(() => kept<Percentile[]>("percentiles", FIRST));
  const [log, setLog] = useState(() => kept("log", false));
  const [response, setResponse] = useState(false);
  const hasResponse = joined.points.some((point) => point?.response);
  const isResponse = response && hasResponse;
  const offered = isResponse ? RESPONSE : PERCENTILES;
  const toggle = (name: Percentile) => {
    const names = chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name];
    keep("percentiles", names);
    setChosen(names);
  };
  const value = (point: Point, name: Percentile) => (isResponse ? point.response?.[name] : point[name]);
  return (
    <Plot
      {...common}
      title={isResponse ? "Response time" : "Latency"}
      unit="time"
      log={log}
      lines={offered.filter((name) => chosen.includes(name)).map((name) => ({ name: percentileName(name), color: name, values: valuesOf(joined, (point) => value(point, name)) }))}
      actions={
        <Menu title="Lines" look="quiet" legend="Percentiles in the chart">
          {offered.map((name) => (
            <label key={name} class="check">
              <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
              {percentileName(name)}
            </label>
          ))}
          <label class="check apart">
            <input type="checkbox" checked={log} onChange={() => (keep("log", !log), setLog(!log))} />
            Logarithmic
          </label>
          {hasResponse && (
            <label class="check" title="With what the task was late by">
              <input type="checkbox" checked={response} onChange={() => setResponse(!response)} />
              Response time
            </label>
          )}
        </Menu>
      }
    />
  );
}

/** How the load generator itself is: whether it, and not the server, is the limit. */
function Generator({ joined, common }: { joined: Joined; common: Common }) {
  const { health } = live.run;
  const facts: [string, string][] = [
    ["Threads", String(health.threads)],
    ["Processor", percent(health.cpu)],
    ["Processor, at most", percent(health.cpu_max)],
    ["Waited for a core", percent(health.held_up)],
    ["Memory", bytes(health.memory)],
    ["Queue delay, p99", time(health.queue_delay_p99)],
  ];
  const chart = (title: string, caption: string, unit: PlotProps["unit"], color: string, value: (point: Point) => number | null) => {
    const values = valuesOf(joined, value);
    return values.some((each) => each !== null) && <Plot {...common} low title={title} caption={caption} unit={unit} lines={[{ name: title.toLowerCase(), color, values, fill: 0.12 }]} />;
  };
  return (
    <section aria-labelledby="generator">
      <h2 id="generator">Load generator</h2>
      <p class="note">If the machine that makes the load is at its limit, times come out longer than the server's.</p>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <div class="charts">
        {chart("Processor", "Share of all cores.", "share", "ok", (point) => point.cpu)}
        {chart("Queue delay", "The longest that a thread was late.", "time", "p95", (point) => point.queue_delay)}
        {chart("Waited for a core", "Of the thread that fared worst.", "share", "bad", (point) => point.held_up)}
        {chart("Memory", "Of the whole process.", "bytes", "users", (point) => point.memory)}
      </div>
    </section>
  );
}
