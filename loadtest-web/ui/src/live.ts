import { eventsUrl, get } from "./api";
import { Store } from "./store";
import type { Comparison, Figures, Hello, Interval, LogLine, Marker, Offer, PastRun, Point, Row, Run, State } from "./types";

/** Above so many points the coarser history of the server is fetched instead. */
const MOST_POINTS = 3600;
/** How long to wait before a connection that was refused is tried again. */
const AGAIN_MILLIS = 2000;
const MOST_LOG_LINES = 5000;

/** What was measured in one run: all that charts need of it. */
export interface Measured {
  run: number;
  points: Point[];
  markers: Marker[];
}

const NO_FIGURES: Figures = {
  started: 0, ok: 0, failed: 0, interrupted: 0, rps: 0, fps: 0, total_rps: 0, total_fps: 0, fail_ratio: null, min: null, avg: null,
  max: null, p50: null, p75: null, p90: null, p95: null, p99: null, p999: null, p9999: null, size: null,
};

const NO_RUN: Run = {
  run: 0, run_id: "", state: "ready", started_at: null, elapsed: 0, since: 0, users: 0, starting: 0, stopping: 0, target_users: 0, asked: {}, host: null,
  spawning_paused: false, ended: null, problem: null, warnings: [], markers: [], thresholds: [], failures: 0, exceptions: 0, logs: 0,
  quitting: false, total: NO_FIGURES,
  health: { threads: 0, cpu: null, cpu_max: null, memory: null, memory_max: null, held_up: null, queue_delay_p99: null },
};

export const goesOn = (state: State) => state !== "ready" && state !== "stopped";

/** The run as the event stream tells of it. It is kept up to date while the page is hidden, but not shown. */
class Live extends Store {
  run: Run = NO_RUN;
  offer: Offer | null = null;
  /** Whether anything came yet. */
  known = false;
  /** Since when there has been no connection. */
  goneSince: Date | null = null;
  /** Moves on with each interval, each hello and each change of state. */
  turn = 0;
  /** Moves on when rows come or go. */
  names = 0;
  readonly rows = new Map<number, Row>();
  points: Point[] = [];
  /** Ended runs, oldest first, as far as they were seen or asked for. */
  earlier: Measured[] = [];
  logs: LogLine[] = [];
  /** Warnings and errors up to this line were seen. */
  logsSeen = 0;

  private source: EventSource | null = null;
  private fetchesHistory = false;
  private fetchesLogs = false;

  connect(): void {
    const source = new EventSource(eventsUrl);
    this.source = source;
    source.addEventListener("open", () => {
      if (this.goneSince || !this.offer) void this.fetchOffer();
      this.goneSince = null;
      this.changed();
    });
    source.addEventListener("hello", (event) => this.hello(JSON.parse(event.data) as Hello));
    source.addEventListener("interval", (event) => this.interval(JSON.parse(event.data) as Interval));
    source.addEventListener("error", () => {
      this.goneSince ??= new Date();
      this.changed();
      // Browsers try again by themselves when a connection breaks, but not when the answer was an error.
      if (source.readyState === EventSource.CLOSED && this.source === source) {
        setTimeout(() => this.connect(), AGAIN_MILLIS);
      }
    });
  }

  async fetchOffer(): Promise<void> {
    try {
      this.offer = await get<Offer>("offer");
      this.changed();
    } catch {
      setTimeout(() => void this.fetchOffer(), AGAIN_MILLIS);
    }
  }

  private hello(hello: Hello): void {
    const before = this.run;
    if (before.run > 0 && hello.run.run > before.run && this.points.length > 0) {
      this.keep({ run: before.run, points: this.points, markers: before.markers });
    }
    if (before.run > hello.run.run || (before.run === hello.run.run && before.run_id !== hello.run.run_id)) {
      // Another program answers: nothing of what is here is of its runs.
      this.earlier = [];
      this.logs = [];
      this.logsSeen = 0;
    }
    this.rows.clear();
    for (const row of hello.rows) this.rows.set(row.id, row);
    this.points = hello.history;
    this.names += 1;
    this.moved(hello.run);
  }

  private interval(interval: Interval): void {
    const size = this.rows.size;
    for (const row of interval.rows) this.rows.set(row.id, row);
    if (this.rows.size !== size) this.names += 1;
    const last = this.points.at(-1)?.t ?? 0;
    this.points = this.points.concat(interval.points.filter((point) => point.t > last));
    if (this.points.length > MOST_POINTS) void this.fetchHistory();
    this.moved(interval.run);
  }

  private moved(run: Run): void {
    this.run = run;
    this.known = true;
    this.turn += 1;
    this.changed();
    if (!document.hidden && run.logs > (this.logs.at(-1)?.number ?? 0)) void this.fetchLogs();
  }

  private async fetchHistory(): Promise<void> {
    if (this.fetchesHistory) return;
    this.fetchesHistory = true;
    const { run } = this.run;
    try {
      const points = await get<Point[]>("history");
      if (this.run.run === run) this.points = points;
    } catch {
      // The next interval asks again.
    }
    this.fetchesHistory = false;
  }

  private async fetchLogs(): Promise<void> {
    if (this.fetchesLogs) return;
    this.fetchesLogs = true;
    try {
      const after = this.logs.at(-1)?.number ?? 0;
      const lines = await get<LogLine[]>(`logs?after=${after}`);
      this.logs = this.logs.concat(lines.filter((line) => line.number > after)).slice(-MOST_LOG_LINES);
      this.changed();
    } catch {
      // The next interval asks again.
    }
    this.fetchesLogs = false;
  }

  /** Whether a warning or an error came since the logs were last looked at. */
  get unseenLevel(): "error" | "warn" | null {
    let level: "error" | "warn" | null = null;
    for (let index = this.logs.length - 1; index >= 0; index -= 1) {
      const line = this.logs[index];
      if (!line || line.number <= this.logsSeen) break;
      if (line.level === "error") return "error";
      if (line.level === "warn") level = "warn";
    }
    return level;
  }

  seeLogs(): void {
    const last = this.logs.at(-1)?.number ?? 0;
    if (last === this.logsSeen) return;
    this.logsSeen = last;
    this.changed();
  }

  private keep(measured: Measured): void {
    this.earlier = [...this.earlier.filter((each) => each.run !== measured.run), measured].sort((a, b) => a.run - b.run);
  }

  /** Runs that ended before this page was opened. */
  async fetchEarlier(): Promise<void> {
    try {
      const runs = await get<PastRun[]>("runs");
      const missing = runs.filter(
        (past) => past.name === null && past.run < this.run.run && !this.earlier.some((each) => each.run === past.run),
      );
      for (const { run, markers } of missing) {
        const { a_history } = await get<Comparison>(`compare?a=${run}&b=${run}`);
        this.keep({ run, points: a_history, markers });
      }
      if (missing.length > 0) this.changed();
    } catch {
      // Charts do without them.
    }
  }
}

export const live = new Live();
