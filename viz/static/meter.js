// How often each arm of each branch ran: a table with a bar in each row. The words say all that the bars say.

import { html, svg, tellContrast } from "./dom.js";
import { initialize } from "./kernel.js";

const WIDE = 180, HIGH = 14; // px of a bar

function bar({ inputs, total, never }) {
  const full = total ? (WIDE * inputs) / total : 0;
  const parts = [svg("rect", { class: "vm-room", x: 1, y: 1, width: WIDE, height: HIGH, rx: 3 })];
  if (inputs) parts.push(svg("rect", { class: "vm-part", x: 1, y: 1, width: Math.max(3, full), height: HIGH, rx: 3 }));
  return svg("svg", { class: never ? "vm-bar vm-empty" : "vm-bar", viewBox: `0 0 ${WIDE + 2} ${HIGH + 2}`, "aria-hidden": "true" }, ...parts);
}

function rowOf(arm) {
  return html("tr", { class: `vm-row${arm.never ? " vm-never" : ""}${arm.first ? " vm-first" : ""}` },
    html("th", { scope: "row" }, html("code", {}, String(arm.text))), html("td", {}, `line ${arm.line}`),
    html("td", {}, bar(arm)), html("td", {}, `${arm.inputs} of ${arm.total}${arm.note ? `, ${arm.note}` : ""}`));
}

function render({ model, el }) {
  const { summary, arms } = model.get("meter");
  const heads = ["Arm", "Line", "Bar", "Inputs that took it"].map((words) => html("th", { scope: "col" }, words));
  const table = html("table", {}, html("caption", { class: "vk-hidden" }, "How many of the inputs took each arm"),
    html("thead", { class: "vk-hidden" }, html("tr", {}, ...heads)), html("tbody", {}, ...arms.map(rowOf)));
  const root = html("section", { class: "vg vm", "aria-label": "Arms of branches, counted", "data-lm-suppress-shortcuts": "true" },
    html("header", { class: "vg-bar" }, html("p", { class: "vg-summary" }, String(summary))), ...(arms.length ? [table] : []));
  el.append(root);
  const stop = tellContrast(root);
  return () => {
    stop();
    root.remove();
  };
}

export default { initialize, render };
