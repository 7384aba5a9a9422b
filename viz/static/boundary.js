// What stops a gradient, or makes it zero; and the boxes that lead out to Python.

import { round, svg } from "./dom.js";
import { alongPath } from "./curves.js";

const BAR = 6, APART = 2.5; // px: half a bar, and its distance from the middle
const FROM_HEAD = 24, FROM_TAIL = 12; // px along the edge

/** A box whose right side is open. */
export function drawBracket({ w, h }, extra) {
  const r = 6;
  return svg("path", { ...extra, d: `M${w / 2} ${-h / 2}H${-w / 2 + r}Q${-w / 2} ${-h / 2} ${-w / 2} ${-h / 2 + r}` +
    `V${h / 2 - r}Q${-w / 2} ${h / 2} ${-w / 2 + r} ${h / 2}H${w / 2}` });
}

/** The mark on an edge, at home around its own origin. Two bars: a gradient stops here. A 0: it goes on as zeros. */
export function drawStop(stop) {
  if (!stop) return [];
  if (stop === "zero") {
    const nought = svg("text", { class: "vg-stop-zero", y: 3.4 });
    nought.textContent = "0";
    return [svg("circle", { class: "vg-stop-ring", r: 6.5 }), nought];
  }
  return [svg("path", { class: "vg-stop-gap", d: `M${-APART} 0H${APART}` }),
    svg("path", { class: "vg-stop-bars", d: `M${-APART} ${-BAR}V${BAR}M${APART} ${-BAR}V${BAR}` })];
}

/** Put the mark where it belongs on the curve: at the op that stops a gradient, at the parameter that is frozen. */
export function placeStop(group, points, stop, turned) {
  const far = stop === "frozen" ? FROM_TAIL : -FROM_HEAD;
  const [x, y, angle] = alongPath(points, turned ? -far : far);
  const turn = stop === "zero" ? 0 : (angle * 180) / Math.PI;
  group.setAttribute("transform", `translate(${round(x)} ${round(y)}) rotate(${round(turn)})`);
}
