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

  set(range: Range | null): void {
    this.range = range;
    this.tell();
  }
}
