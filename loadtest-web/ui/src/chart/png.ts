import uPlot from "uplot";
import { save } from "../save";
import { theme } from "../theme";
import type { PlotProps } from "./plot";

const MARGIN = 12;
const HEAD = 44;

/** Saves the chart as it is seen, with its title and legend, on the page's ground. */
export function savePng(plot: uPlot, { title, lines, draw }: PlotProps): void {
  const ratio = uPlot.pxRatio;
  const source = plot.ctx.canvas;
  const canvas = document.createElement("canvas");
  canvas.width = source.width + 2 * MARGIN * ratio;
  canvas.height = source.height + (HEAD + MARGIN) * ratio;
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.fillStyle = theme.color("page");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, MARGIN * ratio, HEAD * ratio);
  pen.scale(ratio, ratio);
  pen.textBaseline = "middle";
  pen.font = "600 14px system-ui, sans-serif";
  pen.fillStyle = theme.color("ink");
  pen.fillText(title, MARGIN, 22);
  let x = MARGIN + pen.measureText(title).width + 20;
  pen.font = "12px system-ui, sans-serif";
  for (const line of draw ? [] : lines) {
    pen.fillStyle = theme.color(line.color);
    pen.fillRect(x, 21, 14, 3);
    pen.fillStyle = theme.color("quiet");
    pen.fillText(line.name, x + 19, 22);
    x += 19 + pen.measureText(line.name).width + 14;
  }
  canvas.toBlob((blob) => blob && save(blob, `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-")}.png`));
}
