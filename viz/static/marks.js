// The marks of a difference: a sign on each node that is new, gone or changed, and going from one to the next.

import { html, svg } from "./dom.js";

const SIGNS = { added: "M-4 0H4M0 -4V4", gone: "M-4 0H4", changed: "M-4.5 1C-2 -5 2 5 4.5 -1" }; // + − ~

export const isMarked = (thing) => Boolean(SIGNS[thing.mark]);
export const markClass = (thing) => (isMarked(thing) ? ` vg-mark vg-is-${thing.mark}` : "");

/** The sign on the upper border: + in a disc, − in a dotted ring, ~ in a square on its tip. Places as in viz/svg.py. */
export function drawMark(node) {
  if (!isMarked(node)) return [];
  const around = node.mark === "changed" ? svg("path", { class: "vg-sign-room", d: "M0 -10L10 0L0 10L-10 0Z" })
    : svg("circle", { class: "vg-sign-room", r: 8 });
  return [svg("g", { class: "vg-sign", transform: `translate(${14 - node.w / 2} ${-1 - node.h / 2})` }, around,
    svg("path", { class: "vg-sign-line", d: SIGNS[node.mark] }))];
}

/** What the key says of them. */
export const LEGEND_MARKS = [
  ["Thick, with a plus: only in the second graph", { kind: "op", op_kind: "elementwise", title: "mul", mark: "added" }],
  ["Dotted, struck out, with a minus: only in the first graph", { kind: "op", op_kind: "elementwise", title: "mul", mark: "gone" }],
  ["Wave: in both, but changed. Its details tell what it was before", { kind: "op", op_kind: "elementwise", title: "mul", mark: "changed" }],
];

/** A button and keys that go from one difference to the next; hidden where there are none. */
export class Marks {
  constructor(focus) {
    this.focus = focus; // puts the keyboard on a node
    this.at = null;
    this.button = html("button", { type: "button", class: "vg-button", hidden: "", title: "Next difference; on a node, N",
      onclick: () => this.go(1) }, "Next difference");
  }

  draw(scene) {
    this.keys = [...scene.nodes].filter(isMarked).sort((a, b) => a.x - b.x || a.y - b.y).map((node) => node.key);
    this.button.hidden = !this.keys.length;
    if (!this.keys.includes(this.at)) this.at = null;
  }

  go(by) {
    if (!this.keys.length) return;
    const now = this.keys.indexOf(this.at);
    this.at = this.keys[now < 0 ? (by > 0 ? 0 : this.keys.length - 1) : (now + by + this.keys.length) % this.keys.length];
    this.focus(this.at);
  }

  /** Whether this key, pressed on a node, went to another difference. */
  key(pressed, on) {
    const by = { n: 1, p: -1 }[pressed];
    if (!by || !this.keys.length) return false;
    if (this.keys.includes(on)) this.at = on;
    this.go(by);
    return true;
  }
}
