// Folding: frames around open boxes, the buttons that fold and unfold, and where nodes come from and go to.

import { html, round, svg } from "./dom.js";
import { face } from "./icons.js";

const PLAIN = { way: null, shut: [], open: [] };
const ARM = 4; // px of the plus on a shut box

export const foldsOf = (scene) => scene.folds || PLAIN;
export const isBox = (node) => Boolean(node) && node.kind === "box";

/** The plus of a shut box, and the edges of what lies behind it. */
export function drawStack(node, outline) {
  const x = node.w / 2 - 11, y = -node.h / 2 + 11;
  const behind = [[12, 8], [6, 4]].map(([inset, up]) => svg("rect", { class: "vg-shape vg-behind",
    x: -node.w / 2 + inset, y: -node.h / 2 - up, width: node.w - 2 * inset, height: 12, rx: 5 }));
  return [...behind, outline,
    svg("path", { class: "vg-plus", d: `M${x - ARM} ${y}H${x + ARM}M${x} ${y - ARM}V${y + ARM}` })];
}

/** Where a node that is new comes from, or one that goes ends: the box that it was, or becomes, a part of. */
export function boxAround(node, find) {
  for (const key of node.around || []) {
    const item = find(key);
    if (item) return item;
  }
  return null;
}

export class Folding {
  constructor(model, focus) {
    this.model = model;
    this.focus = focus; // puts the keyboard on a node
    this.layer = svg("g", { class: "vg-frames" });
    this.heads = svg("g", { class: "vg-frame-heads" }); // their names, above the edges that go through
    const tool = (text, act) => face(html("button", { type: "button", class: "vg-button", "aria-label": text, title: text,
      onclick: () => this.ask(act, "") }), act, text);
    this.foldAll = tool("Fold all", "shut");
    this.unfoldAll = tool("Unfold all", "open");
    this.tools = html("span", { class: "vg-group vg-folding", hidden: "" }, this.foldAll, this.unfoldAll);
    this.asked = null; // the box whose inside, or which itself, gets the focus when the answer has come
  }

  ask(act, key) {
    this.asked = { act, key };
    this.model.set("folding", { act, key, again: ((this.model.get("folding") || {}).again || 0) + 1 });
    this.model.save_changes();
  }

  /** Frames and buttons of a new scene. */
  draw(scene) {
    const { shut, open } = foldsOf(scene);
    this.tools.hidden = !shut.length && !open.length;
    this.foldAll.disabled = !open.length;
    this.unfoldAll.disabled = !shut.length;
    const frames = scene.frames || [];
    const at = (name, { x, y, ran }, ...parts) => svg("g", { class: ran ? `${name} vg-frame-${ran}` : name,
      transform: `translate(${round(x)} ${round(y)})` }, ...parts);
    this.layer.replaceChildren(...frames.map((frame) => at("vg-under", frame,
      svg("rect", { class: "vg-frame-edge", width: frame.w, height: frame.h, rx: 9 }))));
    this.heads.replaceChildren(...frames.map((frame) => at("vg-frame", frame, this.head(frame))));
  }

  head({ key, title, w, shift = 0 }) {
    const words = svg("text", { x: 25 + shift, y: 16 });
    words.textContent = title;
    const sign = svg("path", { class: "vg-minus", d: `M${14 + shift - ARM} 12h${2 * ARM}` });
    const room = svg("rect", { class: "vg-frame-room", x: 2, y: 2, width: Math.max(40, w - 4), height: 21, rx: 6 });
    const head = svg("g", { class: "vg-frame-head", role: "button", tabindex: "0", "aria-label": `Fold ${title}`,
      "data-frame": key }, room, sign, words);
    head.addEventListener("click", () => this.ask("shut", key));
    head.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      this.ask("shut", key);
    });
    return head;
  }

  /** After a box was opened the keyboard is on the first node that was in it, after it was shut on the box. */
  follow(scene) {
    if (!this.asked) return;
    const { act, key } = this.asked;
    const found = scene.nodes.find((node) => node.key === key)
      || scene.nodes.find((node) => (node.around || []).includes(key));
    this.asked = null;
    if (key && found && (act === "shut") === (found.key === key)) this.focus(found.key);
  }

  /** Buttons for the details of a node: to open it, or to shut what it stands in. */
  buttons(node, scene) {
    const titles = new Map(foldsOf(scene).open.filter(Array.isArray));
    const button = (text, act, key) =>
      html("button", { type: "button", class: "vg-button", onclick: () => this.ask(act, key) }, text);
    const made = isBox(node) ? [button("Unfold", "open", node.key)] : [];
    for (const key of node.around || []) if (titles.has(key)) made.push(button(`Fold ${titles.get(key)}`, "shut", key));
    return made.length ? [html("p", { class: "vg-chips" }, ...made)] : [];
  }
}
