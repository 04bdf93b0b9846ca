// Numbers for people, as in the HTML report: a unit where they stand alone, a form of their own for tables.

/** In the place of a figure that there is not. */
export const NONE = "–";

const trimmed = (value: number, digits: number) => String(Number(value.toFixed(digits)));

const significant = (value: number) =>
  value < 9.995 ? trimmed(value, 2) : value < 99.95 ? trimmed(value, 1) : value.toFixed(0);

/** A whole number with its thousands apart: `48,210`. */
export const count = (value: number) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ",");

/** A noun with its number. */
export const of = (value: number, one: string, many: string) => `${count(value)} ${value === 1 ? one : many}`;

/** A number in few characters: `950`, `48.2k`, `12M`. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size < 999.5) return significant(value);
  if (size < 999_500) return `${significant(value / 1e3)}k`;
  if (size < 999.5e6) return `${significant(value / 1e6)}M`;
  return `${significant(value / 1e9)}G`;
}

/** Milliseconds with a unit, three significant digits: `74 µs`, `12.3 ms`, `1.23 s`, `2m05s`. */
export function time(millis: number | null | undefined): string {
  if (millis == null) return NONE;
  if (millis < 0.9995) return `${(millis * 1e3).toFixed(0)} µs`;
  if (millis < 999.5) return `${significant(millis)} ms`;
  if (millis < 99_950) return `${significant(millis / 1e3)} s`;
  return clock(millis / 1e3);
}

/** Milliseconds without their unit, for a column of a table. */
export function millis(value: number | null | undefined): string {
  if (value == null) return NONE;
  if (value < 0.9995) return value.toFixed(3);
  if (value < 9.995) return value.toFixed(2);
  if (value < 99.95) return value.toFixed(1);
  return count(value);
}

/** A rate without its unit. */
export const rate = (value: number) => (value < 999.95 ? value.toFixed(1) : count(value));

/** A share in percent; never 0 % for something, nor 100 % for not all. */
export function percent(share: number | null | undefined): string {
  if (share == null) return NONE;
  const value = share * 100;
  if (value === 0) return "0 %";
  if (value < 0.01) return "< 0.01 %";
  if (value < 100 && value > 99.99) return "> 99.99 %";
  return value < 1 || (value > 99 && value < 100) ? `${trimmed(value, 2)} %` : `${trimmed(value, 1)} %`;
}

/** Bytes with a unit: `512 B`, `1.2 KiB`. */
export function bytes(value: number | null | undefined): string {
  if (value == null) return NONE;
  if (value < 1024) return `${value.toFixed(0)} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let size = value / 1024;
  let unit = 0;
  while (size >= 1023.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${significant(size)} ${units[unit]}`;
}

const two = (value: number) => String(value).padStart(2, "0");

/** Seconds as `45s`, `2m05s`, `1h20m00s`. */
export function clock(seconds: number): string {
  const all = Math.max(0, Math.floor(seconds + 1e-6));
  const [h, m, s] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return h > 0 ? `${h}h${two(m)}m${two(s)}s` : m > 0 ? `${m}m${two(s)}s` : `${s}s`;
}

/** A moment as a clock in the reader's own time shows it: `16:25:56`. */
export function timeOfDay(date: string | null | undefined): string {
  if (!date) return NONE;
  const moment = new Date(date);
  if (Number.isNaN(moment.getTime())) return NONE;
  return `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
}

/** A moment in full, for titles: `2026-11-21 16:25:56`. */
export function dateAndTime(date: string | null | undefined): string {
  if (!date) return NONE;
  const moment = new Date(date);
  if (Number.isNaN(moment.getTime())) return NONE;
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())} ${timeOfDay(date)}`;
}

/** How one figure differs from another: `+12 %`, `−3.4 %`, `same`. */
export function difference(from: number | null | undefined, to: number | null | undefined): string {
  if (from == null || to == null) return NONE;
  if (from === to) return "same";
  if (from === 0) return "new";
  const change = ((to - from) / from) * 100;
  const size = Math.abs(change);
  const text = size < 9.95 ? trimmed(size, 1) : count(size);
  return text === "0" ? "same" : `${change < 0 ? "−" : "+"}${text} %`;
}

const NAMES: Record<string, string> = { p50: "p50", p999: "p99.9", p9999: "p99.99" };

/** `p999` as people write it: `p99.9`. */
export const percentileName = (name: string) => NAMES[name] ?? name;
