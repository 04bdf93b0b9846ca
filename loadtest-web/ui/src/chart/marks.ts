import uPlot from "uplot";
import { theme } from "../theme";

export interface Mark {
  x: number;
  text: string;
}

const LONGEST_LABEL = 34;

/** Draws a dashed line at each, and its text where there is room. */
export function drawMarks(plot: uPlot, marks: Mark[]): void {
  if (marks.length === 0) return;
  const { ctx, bbox } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = theme.color("quiet");
  ctx.fillStyle = theme.color("quiet");
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textBaseline = "top";
  ctx.textAlign = "left";
  const { min = 0, max = 0 } = plot.scales["x"] ?? {};
  let free = -Infinity;
  for (const mark of marks) {
    if (mark.x < (min ?? 0) || mark.x > (max ?? 0)) continue;
    const x = Math.round(plot.valToPos(mark.x, "x", true)) + 0.5;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const text = mark.text.length > LONGEST_LABEL ? `${mark.text.slice(0, LONGEST_LABEL - 1)}…` : mark.text;
    const width = ctx.measureText(text).width;
    const before = x + width + 5 * ratio > bbox.left + bbox.width;
    const left = before ? x - width - 4 * ratio : x + 4 * ratio;
    if (left < free) continue;
    ctx.fillText(text, left, bbox.top + 2 * ratio);
    free = left + width + 8 * ratio;
  }
  ctx.restore();
}
