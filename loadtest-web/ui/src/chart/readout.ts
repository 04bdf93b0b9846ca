import type uPlot from "uplot";
import type { PlotProps } from "./plot";
import { show } from "./units";

/** One line of what a chart says of a place. */
export interface Shown {
  name: string;
  color: string | null;
  text: string;
}

/** So near to the cursor, in pixels, a mark is told of. */
const NEAR = 5;

function element(tag: string, text: string, name = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

/** Bars are always all there. */
const isWhole = ({ lines }: PlotProps): boolean => lines.some((line) => line.bars);

/** Shows the values at the cursor in a box beside it; the arrow keys move the cursor, + - 0 zoom around it. */
export function attachReadout(plot: uPlot, props: () => PlotProps): () => void {
  const box = element("div", "", "readout");
  box.hidden = true;
  const said = element("div", "", "unseen");
  said.setAttribute("aria-live", "polite");
  plot.over.append(box, said);
  plot.over.tabIndex = 0;
  plot.over.setAttribute("role", "group");
  plot.over.setAttribute("aria-label", `${props().title}: values, move with the arrow keys, zoom with plus, minus and zero, or drag`);

  const lines = (index: number): Shown[] => {
    const { tell, lines, unit } = props();
    if (tell) return tell(index);
    return lines.map(({ name, color, values }) => {
      const value = values[index];
      return { name, color, text: value == null ? "–" : show(unit, value) };
    });
  };
  const update = () => {
    const { idx, left = -1 } = plot.cursor;
    const x = idx == null ? undefined : plot.data[0][idx];
    box.hidden = idx == null || x === undefined || left < 0;
    if (idx == null || x === undefined || left < 0) return;
    const at = plot.valToPos(x, "x");
    const right = at > plot.over.clientWidth / 2;
    box.style.left = right ? "auto" : `${at + 10}px`;
    box.style.right = right ? `${plot.over.clientWidth - at + 10}px` : "auto";
    box.replaceChildren(element("b", props().label(x)));
    for (const { name, color, text } of lines(idx)) {
      const row = element("span", "");
      row.append(element("i", name, color ? `c-${color}` : "plain"), text);
      box.append(row);
    }
    for (const mark of props().marks ?? []) {
      if (Math.abs(plot.valToPos(mark.x, "x") - at) < NEAR) box.append(element("small", mark.text));
    }
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const factor = { "+": 0.5, "=": 0.5, "-": 2, "0": Infinity }[event.ctrlKey || event.metaKey ? "" : event.key];
    const count = plot.data[0].length;
    if (event.key === "Escape" && plot.cursor.left !== undefined && plot.cursor.left >= 0) {
      plot.setCursor({ left: -10, top: -10 });
      event.stopPropagation();
    } else if (step !== undefined && count > 0) {
      const from = plot.cursor.idx ?? (step > 0 ? -1 : count);
      const to = Math.max(0, Math.min(count - 1, from + step));
      const x = plot.data[0][to] ?? 0;
      plot.setCursor({ left: plot.valToPos(x, "x"), top: 1 });
      said.textContent = [props().label(x), ...lines(to).map(({ name, text }) => `${name} ${text}`)].join(", ");
      event.preventDefault();
    } else if (factor !== undefined && !isWhole(props())) {
      const { idx } = plot.cursor;
      props().zoom.step(factor, props().end, idx == null ? undefined : plot.data[0][idx]);
      event.preventDefault();
    }
  };
  (plot.hooks.setCursor ??= []).push(update);
  plot.over.addEventListener("keydown", keys);
  return () => plot.over.removeEventListener("keydown", keys);
}
