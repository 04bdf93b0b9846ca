import type { Ask, FieldError, Offer, OfferedOption, OptionValue } from "../types";
import { numberOf } from "./number";

/** What stands in the fields of the form, as text. */
export interface Draft {
  users: string;
  spawn_rate: string;
  run_time: string;
  host: string;
  classes: Record<string, ClassDraft>;
  tags: string[];
  exclude_tags: string[];
  options: Record<string, OptionValue>;
  thresholds: string;
  warm_up: string;
  stop_timeout: string;
  reset_stats: boolean;
}

export interface ClassDraft {
  on: boolean;
  weight: string;
  fixed: string;
  host: string;
}

const text = (value: number | string | null | undefined) => (value == null ? "" : String(value));

function optionOf(option: OfferedOption, asked: OptionValue | undefined): OptionValue {
  if (option.is_switch) return asked === undefined ? option.default[0] === "true" : asked === true || asked === "true" || (Array.isArray(asked) && asked[0] === "true");
  if (option.secret) return "";
  const values = asked === undefined ? option.default : Array.isArray(asked) ? asked : [String(asked)];
  return option.multiple ? values : (values[0] ?? "");
}

/** The form as it is first seen: what the test has by itself, with what was asked for the last time. */
export function draftOf(offer: Offer, asked: Ask): Draft {
  const ask = { ...offer.defaults, ...asked };
  const classes = offer.classes.map(({ name, weight, fixed_count, host }): [string, ClassDraft] => [
    name,
    {
      on: !ask.classes || ask.classes.includes(name),
      weight: text(ask.weights?.[name] ?? weight),
      fixed: text(ask.fixed_counts && name in ask.fixed_counts ? ask.fixed_counts[name] : fixed_count),
      host: ask.hosts?.[name] ?? host ?? "",
    },
  ]);
  return {
    users: text(ask.users),
    spawn_rate: text(ask.spawn_rate),
    run_time: text(ask.run_time),
    host: text(ask.host),
    classes: Object.fromEntries(classes),
    tags: ask.tags ?? [],
    exclude_tags: ask.exclude_tags ?? [],
    options: Object.fromEntries(offer.options.map((option) => [option.name, optionOf(option, ask.options?.[option.name])])),
    thresholds: (ask.thresholds ?? []).join("\n"),
    warm_up: text(ask.warm_up),
    stop_timeout: text(ask.stop_timeout),
    reset_stats: ask.reset_stats ?? false,
  };
}

const lines = (value: string) => value.split("\n").map((line) => line.trim()).filter((line) => line !== "");

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Reads numbers, and remembers which were none. */
class Reader {
  readonly errors: FieldError[] = [];

  number(field: string, value: string, example: string): number {
    const number = numberOf(value);
    if (!Number.isFinite(number)) this.errors.push({ field, message: `Write a number, such as ${example}.` });
    return number;
  }
}

/**
 * What to ask for: only what differs from what the test has by itself, so that flags and code decide the rest.
 * Whether it is possible, the server says.
 */
export function askOf(draft: Draft, offer: Offer): { ask: Ask; errors: FieldError[] } {
  const own = draftOf(offer, {});
  const reader = new Reader();
  const ask: Ask = {};
  if (draft.users !== own.users) ask.users = reader.number("users", draft.users, "100");
  if (draft.spawn_rate !== own.spawn_rate) ask.spawn_rate = draft.spawn_rate.trim() === "" ? null : reader.number("spawn_rate", draft.spawn_rate, "10");
  if (draft.run_time !== own.run_time) ask.run_time = draft.run_time.trim() || null;
  if (draft.host !== own.host) ask.host = draft.host.trim();
  if (!same(draft.tags, own.tags)) ask.tags = draft.tags;
  if (!same(draft.exclude_tags, own.exclude_tags)) ask.exclude_tags = draft.exclude_tags;
  if (!same(lines(draft.thresholds), lines(own.thresholds))) ask.thresholds = lines(draft.thresholds);
  if (draft.warm_up !== own.warm_up) ask.warm_up = draft.warm_up.trim() || null;
  if (draft.stop_timeout !== own.stop_timeout) ask.stop_timeout = draft.stop_timeout.trim() || "0s";
  if (draft.reset_stats !== own.reset_stats) ask.reset_stats = draft.reset_stats;
  askForClasses(draft, own, offer, ask, reader);
  askForOptions(draft, own, ask);
  return { ask, errors: reader.errors };
}

function askForClasses(draft: Draft, own: Draft, offer: Offer, ask: Ask, reader: Reader): void {
  const on = (of: Draft) => offer.classes.map(({ name }) => name).filter((name) => of.classes[name]?.on);
  if (!same(on(draft), on(own))) ask.classes = on(draft);
  if (on(draft).length === 0) reader.errors.push({ field: "classes", message: "Choose at least one user class." });
  for (const { name } of offer.classes) {
    const [now, before] = [draft.classes[name], own.classes[name]];
    if (!now || !before) continue;
    if (now.weight !== before.weight) (ask.weights ??= {})[name] = reader.number(`weights.${name}`, now.weight, "1");
    if (now.fixed !== before.fixed) (ask.fixed_counts ??= {})[name] = now.fixed.trim() === "" ? null : reader.number(`fixed_counts.${name}`, now.fixed, "5");
    if (now.host !== before.host) (ask.hosts ??= {})[name] = now.host.trim();
  }
}

function askForOptions(draft: Draft, own: Draft, ask: Ask): void {
  for (const [name, value] of Object.entries(draft.options)) {
    if (!same(value, own.options[name])) (ask.options ??= {})[name] = value;
  }
}
