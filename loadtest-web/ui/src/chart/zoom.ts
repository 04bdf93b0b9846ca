import { Store } from "../store";

export interface Range {
  min: number;
  max: number;
}

/** The stretch of time that the charts of one group show together; none: all. */
export class Zoom extends Store {
  range: Range | null = null;

  constructor(readonly group: string) {
    super();
  }

  /** Shows a stretch `factor` times as long, with `at` in its middle as far as that goes; no more than from 0 to `end`. */
  step(factor: number, end: number, at?: number): void {
    const { min, max } = this.range ?? { min: 0, max: end };
    const length = (max - min) * factor;
    if (length >= end) return this.set(null);
    const from = Math.min(Math.max(0, (at ?? (min + max) / 2) - length / 2), end - length);
    this.set({ min: from, max: from + length });
  }

  set(range: Range | null): void {
    this.range = range;
    this.tell();
  }
}
