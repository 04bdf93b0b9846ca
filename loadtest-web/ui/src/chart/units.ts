import { bytes, count, percent, short, time } from "../format";

export type Unit = "time" | "rate" | "count" | "share" | "bytes";

const SHOW: Record<Unit, (value: number) => string> = {
  time,
  rate: (value) => `${short(value)}/s`,
  count: (value) => (value < 1e6 ? (Number.isInteger(value) ? count(value) : short(value)) : short(value)),
  share: percent,
  bytes,
};

export const show = (unit: Unit, value: number) => SHOW[unit](value);

/** For the labels of an axis, where the steps are round and room is scarce. */
export const showTick = (unit: Unit, value: number) => (unit === "count" ? short(value) : show(unit, value));
