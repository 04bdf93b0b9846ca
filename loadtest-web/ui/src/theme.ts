import { keep, kept } from "./kept";
import { Store } from "./store";

const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

class ThemeStore extends Store {
  theme: Theme = THEMES.find((theme) => theme === kept<string>("theme", "system")) ?? "system";
  /** Moves on when colours change, so that charts are drawn again. */
  turn = 0;
  private readonly probe = document.createElement("span");
  private readonly colors = new Map<string, string>();

  constructor() {
    super();
    this.probe.hidden = true;
    document.documentElement.append(this.probe);
    this.show();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolor());
  }

  next(): void {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? "system";
    keep("theme", this.theme);
    this.show();
    this.recolor();
  }

  /** A colour of the style sheet as a canvas takes it. */
  color(name: string, alpha = 1): string {
    const known = this.colors.get(name);
    const color = known ?? this.resolve(name);
    if (!known) this.colors.set(name, color);
    return alpha === 1 ? color : color.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
  }

  private resolve(name: string): string {
    this.probe.style.color = `var(--${name})`;
    return getComputedStyle(this.probe).color;
  }

  private show(): void {
    const root = document.documentElement;
    if (this.theme === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = this.theme;
  }

  private recolor(): void {
    this.colors.clear();
    this.turn += 1;
    this.tell();
  }
}

export const theme = new ThemeStore();
