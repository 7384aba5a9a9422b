// Forward, backward, or both: the switch, the names of the two halves, and what a node keeps until backward frees it.

import { fit, html, svg } from "./dom.js";
import { face } from "./icons.js";

const CHOICES = [["forward", "Forward"], ["backward", "Backward"], ["both", "Both"]];
const ROW = 14; // px from one line of what is kept to the next, as in viz/backwards.py

export const rowsHeight = (node) => (node.rows && node.rows.length ? ROW * node.rows.length + 4 : 0);

/** A line for each saved tensor below the words of a node; struck out when it is gone. */
export function drawRows(node, font) {
  if (!rowsHeight(node)) return [];
  const top = -rowsHeight(node) / 2 + 12.5, half = node.w / 2 - 8;
  const lines = node.rows.map(([words, gone], i) => {
    const line = svg("text", { class: gone ? "vg-kept vg-freed" : "vg-kept", y: top + 4 + ROW * (i + 1) });
    line.textContent = fit(words, node.w - 12, font);
    return line;
  });
  return [svg("path", { class: "vg-kept-rule", d: `M${-half} ${top + 5}H${half}` }), ...lines];
}

export class Direction {
  constructor(model) {
    this.model = model;
    this.layer = svg("g", { class: "vg-heads" });
    this.buttons = new Map(CHOICES.map(([direction, words]) => [direction, face(html("button", {
      type: "button", class: "vg-button", title: `Show the graph ${direction === "both" ? "in both directions" : direction}`,
      "aria-label": words, onclick: () => this.choose(direction) }), direction, words)]));
    this.tools = html("span", { class: "vg-group", role: "group", "aria-label": "Direction" }, ...this.buttons.values());
  }

  choose(direction) {
    this.model.set("direction", direction);
    this.model.save_changes();
    this.flags();
  }

  /** Who cannot turn the graph has no such buttons. */
  flags() {
    const now = this.model.get("direction");
    this.tools.hidden = !now;
    for (const [direction, button] of this.buttons) button.setAttribute("aria-pressed", String(direction === now));
  }

  /** The names of the two halves of a new scene. */
  draw(scene) {
    this.layer.replaceChildren(...(scene.heads || []).map(({ x, y, title }) => {
      const head = svg("text", { x, y });
      head.textContent = title;
      return head;
    }));
    this.flags();
  }
}
