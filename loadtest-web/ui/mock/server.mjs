// Serves the built page and made-up figures: `npm run mock -- [--port N] [--names N] [--before SECONDS] [--idle]`.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { figures, heatOf, HOSTILE, namesOf, OFFER, pointOf } from "./data.mjs";

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const NAMES = namesOf(argument("--names", 5000));
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'";
const isOn = (state) => !["ready", "stopped"].includes(state);

let run = null;
const past = [];
const readers = new Set();
const logs = [];
let seq = 0;
const log = (level, text) => logs.push({ number: logs.length + 1, at: new Date().toISOString(), level, text });
log("info", "listening");

function begin(ask, before = 0) {
  const users = ask.users ?? OFFER.defaults.users;
  run = {
    number: past.length + 1, state: before > 0 ? "running" : "spawning", started: Date.now() - before * 1000, elapsed: before, users: before > 0 ? users : 0, target: users,
    rate: ask.spawn_rate ?? OFFER.defaults.spawn_rate, asked: { ...OFFER.defaults, ...ask }, paused: false, ended: null, markers: [], points: [],
    rows: NAMES.map(([method, name], index) => ({ id: index + 1, method, name, ok: before * Math.ceil(200 / (index + 2)), failed: before > 0 && index % 7 === 3 ? before : 0, median: 8 + (index * 37) % 90 })),
  };
  for (let t = 1; t <= before; t += 1) run.points.push(pointOf(t, 1, Math.min(users, t * run.rate)));
  if (before > 100) run.markers.push({ t: 60, text: "100 users, 20 per second" }, { t: before - 40, text: "200 users, 20 per second" });
  log("info", `run ${run.number} begins with ${users} users`);
  tell("hello", hello());
}

function end(how) {
  run.state = "stopped";
  run.ended = how;
  run.users = 0;
  past.push(run);
  log("warn", how);
}

const total = () => {
  const sum = run ? run.rows.reduce((all, row) => [all[0] + row.ok, all[1] + row.failed], [0, 0]) : [0, 0];
  return figures(sum[0], sum[1], run?.elapsed ?? 0, 18, run ? isOn(run.state) : false);
};
const rowOf = ({ id, method, name, ok, failed, median }) => ({ id, method, name, ...figures(ok, failed, run.elapsed, median, isOn(run.state)) });
const runOf = () => {
  const base = { failures: 0, exceptions: 0, logs: logs.length, quitting: false, warnings: [], markers: [], thresholds: [], problem: null, ended: null, spawning_paused: false, host: null, asked: {} };
  const health = { threads: 2, cpu: 0.31, cpu_max: 0.52, memory: 62e6, memory_max: 66e6, held_up: 0.012, queue_delay_p99: 1.7 };
  if (!run) return { ...base, run: 0, run_id: "", state: "ready", started_at: null, elapsed: 0, users: 0, starting: 0, stopping: 0, target_users: 0, health, total: total() };
  return {
    ...base, run: run.number, run_id: `mock-${run.number}`, state: run.state, started_at: new Date(run.started).toISOString(), elapsed: run.elapsed, users: Math.round(run.users), starting: 0, stopping: 0,
    target_users: run.target, asked: run.asked, host: run.asked.host, spawning_paused: run.paused, ended: run.ended, markers: run.markers, failures: 5, exceptions: 2, health, total: total(),
    warnings: run.elapsed > 200 ? ["The load generator was at its limit for 12 s: 98 % of a core. Times come out longer than the server's."] : [],
    thresholds: [
      { text: "p95(GET /products) < 500ms", value: "64 ms", verdict: "met", sentence: "The 95th percentile of GET /products is 64 ms and is to be below 500 ms.", aborted: false },
      { text: "fail_ratio < 0.1%", value: "0.4 %", verdict: "not met", sentence: "The share of failures is 0.4 % and is to be below 0.1 %.", aborted: false },
      { text: "p99(POST /pay) < 1s", value: "–", verdict: "nothing matched", sentence: "No request is named POST /pay.", aborted: false },
    ],
  };
};
const hello = () => ({ seq, run: runOf(), rows: run ? run.rows.map(rowOf) : [], history: run?.points ?? [] });

function tick() {
  if (!run || !isOn(run.state)) return;
  run.elapsed = Math.round((Date.now() - run.started) / 1000);
  if (run.state === "stopping") {
    end(`The run was stopped after ${run.elapsed} s.`);
    return tell("interval", { seq: ++seq, run: runOf(), rows: [], points: [] });
  }
  if (!run.paused) run.users += Math.sign(run.target - run.users) * Math.min(run.rate, Math.abs(run.target - run.users));
  run.state = Math.round(run.users) === run.target ? "running" : "spawning";
  const changed = run.rows.filter((_, index) => index < 30 || Math.random() < 0.3);
  for (const row of changed) {
    row.ok += Math.ceil((run.users / (row.id + 1)) * Math.random() * 3);
    if (row.id % 7 === 4 && Math.random() < 0.3) row.failed += 1;
  }
  const point = pointOf(run.elapsed, 1, Math.round(run.users));
  if ((run.points.at(-1)?.t ?? 0) < point.t) run.points.push(point);
  if (run.elapsed % 40 === 0) log("error", `task Buyer::checkout: ${HOSTILE[1]}`);
  else if (run.elapsed % 15 === 0) log("debug", `interval ${seq}`);
  tell("interval", { seq: ++seq, run: runOf(), rows: changed.map(rowOf), points: [point] });
}
setInterval(tick, 1000);

function tell(event, data) {
  const text = `event: ${event}\nid: ${run?.number ?? 0}-${seq}\ndata: ${JSON.stringify(data)}\n\n`;
  for (const reader of readers) reader.write(text);
}

const pastRun = (each) => ({
  run: each.number, name: each.name ?? null, run_id: `mock-${each.number}`, started_at: new Date(each.started).toISOString(), duration: each.elapsed, ended: each.ended ?? "goes on", users: each.target,
  total: figures(each.rows.reduce((sum, row) => sum + row.ok, 0), each.rows.reduce((sum, row) => sum + row.failed, 0), each.elapsed, 16 + each.number * 2, false), thresholds_met: 1, thresholds: 3,
});
const body = (text) => ({ text, length: text.length, is_cut: false });
const failures = () => HOSTILE.slice(0, 4).concat("/checkout").map((name, index) => ({
  method: "POST", name, kind: "status", error: index === 0 ? HOSTILE[0] : `status 50${index} is not expected`, count: 12_345 >> (index * 2), share: 0.2 / (index + 1),
  first_seen: new Date(run?.started ?? 0).toISOString(), last_seen: new Date().toISOString(),
  samples: index === 4 ? [] : [{
    at: new Date().toISOString(), class: "Buyer", task: "checkout", user: 1234, took: 83.2, phases: [{ phase: "connect", ms: 1.2 }, { phase: "first byte", ms: 80.1 }], details: "expected 200",
    request: "POST /checkout HTTP/1.1\nhost: shop.example\ncontent-type: application/json\nauthorization: (hidden)", request_body: body('{"item": 17, "count": 2}'), status: 503,
    response: "HTTP/1.1 503 Service Unavailable\nretry-after: 2\ncontent-type: text/html", response_body: body(`<h1>Busy</h1>${HOSTILE[1]}`),
  }],
}));
const task = (name, planned, actual, count, inside = []) => ({ name, planned, actual, count, inside });
const tasks = () => [
  { class: "Visitor", planned: 0.75, actual: 0.748, users: 149, tasks: [task("browse", 0.6, 0.61, 61_234, [task("list", 0.8, 0.79, 48_000), task("look", 0.2, 0.21, 13_234)]), task("search", 0.4, 0.39, 39_102)] },
  { class: "Buyer", planned: 0.25, actual: 0.252, users: 50, tasks: [task("checkout", 1, 1, 10_422)] },
];
const compare = (a, b) => {
  const of = (which) => (which === "now" ? run : past.find((each) => each.number === Number(which)));
  const [one, other] = [of(a), of(b)];
  const side = (each, row) => figures(row.ok, row.failed, each.elapsed, row.median * (0.8 + 0.15 * each.number), false);
  const rows = one.rows.map((row, index) => ({ method: row.method, name: row.name, a: side(one, row), b: index === 3 ? null : side(other, other.rows[index]) }));
  rows.push({ method: "", name: "Aggregated", a: pastRun(one).total, b: pastRun(other).total });
  return { a: pastRun(one), b: pastRun(other), rows, a_history: one.points, b_history: other.points };
};
const detail = (id) => {
  const row = id === 0 ? { id: 0, method: "", name: "Aggregated", ...total() } : rowOf(run.rows[id - 1]);
  const time = (factor) => row.p50 * factor;
  return {
    row, statuses: [{ status: "200", count: row.ok, share: 0.97, p50: time(1), p95: time(3), max: time(24) }, { status: "503", count: row.failed, share: 0.03, p50: time(4), p95: time(9), max: time(20) }],
    phases: ["connect", "send", "first byte", "body"].map((phase, index) => ({ phase, p50: time(0.1 * (index + 1)), p95: time(0.4 * (index + 1)), max: time(3 * (index + 1)) })),
    response: { p50: time(1.1), p95: time(4), p99: time(11), max: time(30) }, distribution: heatOf(row.ok, row.p50 ?? 1, 8), history: run.points,
  };
};

const GET = {
  offer: () => OFFER, state: runOf, stats: () => ({ ...hello(), history: [] }), history: () => run?.points ?? [], failures: () => (run ? failures() : []), tasks,
  exceptions: () => (run ? [{ class: "Buyer", task: "checkout", message: `panicked: ${HOSTILE[0]}`, place: "src/main.rs:42:9", count: 3, first_seen: new Date(run.started).toISOString(), last_seen: new Date().toISOString() }, { class: "Visitor", task: "browse", message: "the cart is empty\nand a second line", place: null, count: 17_201, first_seen: new Date(run.started).toISOString(), last_seen: new Date().toISOString() }] : []),
  workers: () => (run ? [0, 1].map((id) => ({ id, state: run.state, users: Math.round(run.users / 2), cpu: 0.3 + id / 50, memory: null })) : []),
  logs: (query) => logs.filter(({ number }) => number > Number(query.get("after") ?? 0)), runs: () => past.map(pastRun), compare: (query) => compare(query.get("a"), query.get("b")),
  downloads: () => [["report.html", "HTML report"], ["report.json", "JSON report"], ["stats.csv", "Requests (CSV)"], ["failures.csv", "Failures (CSV)"], ["stats_history.csv", "History (CSV)"]].map(([name, title]) => ({ name, title, path: `api/v1/state?file=${name}` })),
};

function refuse(response, status, field, message) {
  send(response, { errors: [{ field, message }] }, status);
}

const POST = {
  start(ask, response) {
    if (run && isOn(run.state)) return refuse(response, 409, null, "A run goes on: stop it first.");
    const errors = [];
    if (ask.users !== undefined && (ask.users < 1 || !Number.isInteger(ask.users))) errors.push({ field: "users", message: "The number of users is a whole number from 1 on." });
    if (ask.run_time && !/^(\d+[hms])+$|^\d+$/.test(ask.run_time)) errors.push({ field: "run_time", message: `\`${ask.run_time}\` is no time: write 20s, 3m or 1h20m.` });
    for (const text of ask.thresholds ?? []) if (!text.includes("<")) errors.push({ field: "thresholds", message: `\`${text}\` has no comparison: write p95 < 500ms.` });
    if (errors.length > 0) return send(response, { errors }, 422);
    begin(ask);
    return send(response, { run: run.number });
  },
  edit({ users, spawn_rate }, response) {
    if (users < 0) return refuse(response, 422, "users", "The number of users is a whole number from 0 on.");
    run.target = users ?? run.target;
    run.rate = spawn_rate ?? run.rate;
    run.asked = { ...run.asked, users: run.target, spawn_rate: run.rate };
    run.markers.push({ t: run.elapsed, text: `${run.target} users, ${run.rate} per second` });
    return send(response, {});
  },
  stop: (_, response) => ((run.state = "stopping"), send(response, {})),
  pause: ({ paused }, response) => ((run.paused = paused), send(response, {})),
  reset(_, response) {
    for (const row of run.rows) row.ok = row.failed = 0;
    run.markers.push({ t: run.elapsed, text: "reset" });
    tell("hello", hello());
    return send(response, {});
  },
  runs: (_, response, query) => {
    if (!run) begin({}, 30);
    past.push({ ...run, name: query.get("name"), number: past.length + 2, ended: "The run time was over." });
    send(response, pastRun(past.at(-1)), 201);
  },
};

function send(response, value, status = 200) {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-cache" }).end(JSON.stringify(value));
}

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://mock");
  const name = pathname.replace(/^\/api\/v1\//, "");
  if (name === "events") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    response.write(`event: hello\nid: ${run?.number ?? 0}-${seq}\ndata: ${JSON.stringify(hello())}\n\n`);
    readers.add(response);
    return request.on("close", () => readers.delete(response));
  }
  if (pathname.startsWith("/api/v1/")) {
    try {
      if (request.method === "POST") {
        let text = "";
        for await (const part of request) text += part;
        return POST[name] ? POST[name](JSON.parse(text), response, searchParams) : refuse(response, 404, null, "There is no such endpoint.");
      }
      if (name.startsWith("rows/")) return send(response, detail(Number(name.slice(5))));
      return GET[name] ? send(response, GET[name](searchParams)) : refuse(response, 404, null, "There is no such endpoint.");
    } catch (error) {
      return refuse(response, 500, null, String(error));
    }
  }
  const file = path.join(DIST, path.normalize(pathname === "/" ? "/index.html" : pathname));
  try {
    const content = await readFile(file);
    response.writeHead(200, { "Content-Type": TYPES[path.extname(file)] ?? "application/octet-stream", "Content-Security-Policy": POLICY, "Cache-Control": "no-cache" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
});

if (!process.argv.includes("--idle")) {
  begin({}, 240);
  run.elapsed = 240;
  end("The run was stopped after 240 s.");
  begin({ users: 220 }, argument("--before", 300));
}
server.listen(argument("--port", 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));
