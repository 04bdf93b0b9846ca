// The buckets in which latencies are counted: 2^bits equal steps in each power of two of microseconds, given by their upper bounds.

const MICROS = 1000;

/** The lower bound of a bucket, in milliseconds, where a power of two has so many steps. */
export function lowerOf(upper: number, steps: number): number {
  const micros = upper * MICROS;
  const octave = 2 ** Math.floor(Math.log2(Math.max(1, micros - 0.5)));
  return (micros - Math.max(1, octave / steps)) / MICROS;
}

/** On an axis on which each bucket of a power of two, with so many steps, is as wide as any other. */
export function placeOf(millis: number, steps: number): number {
  const micros = Math.max(1, millis * MICROS);
  const octave = Math.floor(Math.log2(micros * (1 + 1e-9)));
  return steps * (octave + micros / 2 ** octave - 1);
}

/** The latency at a place of that axis, in milliseconds. */
export function millisAt(place: number, steps: number): number {
  const octave = Math.floor(place / steps + 1e-9);
  return (2 ** octave * (1 + (place - octave * steps) / steps)) / MICROS;
}
