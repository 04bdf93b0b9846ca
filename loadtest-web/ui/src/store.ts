import { useEffect, useReducer } from "preact/hooks";

type Listener = () => void;

/** Something that changes and tells. Whoever shows it is drawn again in the next frame, and not at all while the page is hidden. */
export class Store {
  private readonly listeners = new Set<Listener>();
  private frame = 0;

  subscribe(listener: Listener): () => void {
    if (this.listeners.size === 0) document.addEventListener("visibilitychange", this.seen);
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) document.removeEventListener("visibilitychange", this.seen);
    };
  }

  /** What changed while the page was hidden is drawn when it is seen again. */
  private readonly seen = (): void => {
    if (!document.hidden) return this.tell();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  };

  protected changed(): void {
    if (this.frame !== 0 || document.hidden) return;
    this.frame = requestAnimationFrame(() => this.tell());
  }

  /** For changes of what people do themselves: at once, also where frames are slow. */
  protected tell(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    for (const listener of [...this.listeners]) listener();
  }
}

/** Draws the component again whenever the store changes. */
export function useStore<S extends Store>(store: S): S {
  const [, again] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => store.subscribe(() => again(undefined as never)), [store]);
  return store;
}
