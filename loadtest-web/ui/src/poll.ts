import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api";

/** The shortest time between two questions. */
const PAUSE_MILLIS = 2000;

export interface Polled<T> {
  value: T | null;
  error: string | null;
}

/** What an endpoint says, asked again whenever `turn` moves on, one question at a time, and none while the page is hidden. */
export function usePolled<T>(path: string, turn: number): Polled<T> {
  const [polled, set] = useState<Polled<T> & { path: string }>({ path, value: null, error: null });
  const at = useRef({ path: "", turn: -1, busy: false, last: 0, timer: 0 });

  useEffect(() => {
    const now = at.current;
    if (now.path !== path) {
      now.path = path;
      now.last = 0;
      now.turn = -1;
    }
    const ask = async () => {
      now.timer = 0;
      if (now.busy) return;
      now.busy = true;
      now.last = performance.now();
      const asked = now.path;
      try {
        const value = await get<T>(asked);
        if (now.path === asked) set({ path: asked, value, error: null });
      } catch (error) {
        if (now.path === asked) set((before) => ({ path: asked, value: before.path === asked ? before.value : null, error: (error as Error).message }));
      }
      now.busy = false;
      if (now.path !== asked) void ask();
    };
    if (now.turn !== turn && now.timer === 0 && !document.hidden) {
      now.turn = turn;
      const wait = now.last === 0 ? 0 : Math.max(0, now.last + PAUSE_MILLIS - performance.now());
      if (wait === 0) void ask();
      else now.timer = setTimeout(() => void ask(), wait);
    }
  }, [path, turn]);
  useEffect(() => () => clearTimeout(at.current.timer), []);

  return polled.path === path ? polled : { value: null, error: null };
}
