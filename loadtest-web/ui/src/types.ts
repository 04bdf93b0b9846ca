// What the server sends, under api/v1. Times are in milliseconds, rates per second, dates RFC 3339.

export const PERCENTILES = ["p50", "p75", "p90", "p95", "p99", "p999", "p9999", "max"] as const;
export type Percentile = (typeof PERCENTILES)[number];

export type Percentiles = Record<Percentile, number | null>;

export interface Figures extends Percentiles {
  started: number;
  ok: number;
  failed: number;
  interrupted: number;
  rps: number;
  fps: number;
  total_rps: number;
  total_fps: number;
  fail_ratio: number | null;
  min: number | null;
  avg: number | null;
  size: number | null;
}

export interface Row extends Figures {
  id: number;
  method: string;
  name: string;
}

export interface Threshold {
  text: string;
  value: string;
  verdict: "met" | "not met" | "nothing matched";
  sentence: string;
  aborted: boolean;
}

export type Bucket = [upper: number, count: number];

export interface Point extends Percentiles {
  t: number;
  length: number;
  users: number;
  rps: number;
  fps: number;
  response?: Partial<Percentiles> | null;
  cpu: number | null;
  memory: number | null;
  queue_delay: number | null;
  held_up: number | null;
  heat?: Bucket[];
}

export interface Health {
  threads: number;
  cpu: number | null;
  cpu_max: number | null;
  memory: number | null;
  memory_max: number | null;
  held_up: number | null;
  queue_delay_p99: number | null;
}

export interface Marker {
  t: number;
  text: string;
}

export type State = "ready" | "setting up" | "spawning" | "running" | "stopping" | "stopped";

export interface Run {
  run: number;
  run_id: string;
  state: State;
  started_at: string | null;
  elapsed: number;
  /** Seconds from the start until what is measured began to count. */
  since: number;
  users: number;
  starting: number;
  stopping: number;
  target_users: number;
  asked: Ask;
  host: string | null;
  spawning_paused: boolean;
  ended: string | null;
  problem: string | null;
  warnings: string[];
  markers: Marker[];
  thresholds: Threshold[];
  health: Health;
  total: Figures;
  failures: number;
  exceptions: number;
  logs: number;
  quitting: boolean;
}

export interface Hello {
  seq: number;
  run: Run;
  rows: Row[];
  history: Point[];
}

export interface Interval {
  seq: number;
  run: Run;
  rows: Row[];
  points: Point[];
}

export type OptionValue = string | string[] | boolean;

export interface Ask {
  users?: number;
  /** null: all at once. */
  spawn_rate?: number | null;
  run_time?: string | null;
  host?: string;
  classes?: string[];
  weights?: Record<string, number>;
  fixed_counts?: Record<string, number | null>;
  hosts?: Record<string, string>;
  tags?: string[];
  exclude_tags?: string[];
  options?: Record<string, OptionValue>;
  thresholds?: string[];
  warm_up?: string | null;
  stop_timeout?: string;
  reset_stats?: boolean;
}

export interface OfferedClass {
  name: string;
  weight: number;
  fixed_count: number | null;
  host: string | null;
}

export interface OfferedOption {
  name: string;
  help: string;
  default: string[];
  secret: boolean;
  required: boolean;
  multiple: boolean;
  is_switch: boolean;
  choices: string[];
}

export interface Offer {
  name: string;
  version: string;
  classes: OfferedClass[];
  tags: string[];
  options: OfferedOption[];
  defaults: Ask;
  host_required: boolean;
  threads: number;
}

export interface RowDetail {
  row: Row;
  statuses: { status: string; count: number; share: number; p50: number | null; p95: number | null; max: number | null }[];
  phases: { phase: string; p50: number | null; p95: number | null; max: number | null }[];
  response: Partial<Percentiles> | null;
  distribution: Bucket[];
  history: Point[];
}

export interface Body {
  text: string;
  length: number;
  is_cut: boolean;
}

export interface FailureSample {
  at: string;
  class: string;
  task: string;
  user: number | null;
  took: number;
  phases: { phase: string; ms: number }[];
  details: string;
  request: string | null;
  request_body: Body | null;
  status: number | null;
  response: string | null;
  response_body: Body | null;
}

export interface Failure {
  method: string;
  name: string;
  kind: string;
  error: string;
  count: number;
  share: number | null;
  first_seen: string;
  last_seen: string;
  samples: FailureSample[];
}

export interface Exception {
  class: string;
  task: string;
  message: string;
  place: string | null;
  count: number;
  first_seen: string;
  last_seen: string;
}

export interface TaskShare {
  name: string;
  planned: number;
  actual: number | null;
  count: number;
  inside: TaskShare[];
}

export interface ClassShare {
  class: string;
  planned: number;
  actual: number | null;
  users: number;
  tasks: TaskShare[];
}

export interface Worker {
  id: string | number;
  state: string;
  users: number;
  cpu: number | null;
  memory: number | null;
}

export type Level = "error" | "warn" | "info" | "debug" | "trace";

export interface LogLine {
  number: number;
  at: string;
  level: Level;
  text: string;
}

export interface PastRun {
  run: number;
  name: string | null;
  run_id: string;
  started_at: string | null;
  duration: number;
  ended: string;
  users: number;
  total: Figures;
  thresholds_met: number;
  thresholds: number;
  markers: Marker[];
}

export interface Comparison {
  a: PastRun;
  b: PastRun;
  rows: { method: string; name: string; a: Figures | null; b: Figures | null }[];
  a_history: Point[];
  b_history: Point[];
}

export interface Download {
  name: string;
  title: string;
  path: string;
}

export interface FieldError {
  field: string | null;
  message: string;
}
