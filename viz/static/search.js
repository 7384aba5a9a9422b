// Looking for nodes by name, operation, shape, module or anything else that their details say.

import { html } from "./dom.js";

const OTHERS = ["memory", "saved by"]; // rows that tell of other nodes

const textOf = (node) => [node.title, node.subtitle, node.op_kind, node.reason, ...(node.badges || []),
  ...(node.detail || []).filter(([name]) => !OTHERS.includes(name)).flat()].filter(Boolean).join(" ").toLowerCase();

/** Keys of the nodes in which every word of the query occurs. */
export function matches(nodes, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return nodes.filter((node) => {
    const text = textOf(node);
    return words.every((word) => text.includes(word));
  }).map((node) => node.key);
}

/** The field of a view. `groups` gives (key, element) of every node; `go` brings one into sight, `leave` takes the keyboard. */
export class Search {
  constructor({ nodes, groups, go, leave }) {
    Object.assign(this, { nodes, groups, go, leave, found: [], at: -1 });
    this.input = html("input", { type: "search", class: "vg-field", placeholder: "Search  /", autocomplete: "off",
      spellcheck: "false", "aria-label": "Search the graph by name, operation, shape or module" });
    this.count = html("span", { class: "vg-count", "aria-live": "polite" });
    this.element = html("span", { class: "vg-search" }, this.input, this.count);
    this.input.addEventListener("input", () => this.look());
    this.input.addEventListener("keydown", (event) => this.key(event));
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  key(event) {
    const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    event.stopPropagation(); // a letter in the field is no command of the picture or of the notebook
    if (event.key === "Escape") {
      const here = this.found[this.at];
      this.input.value = "";
      this.look();
      this.leave(here);
    } else if (step) {
      event.preventDefault();
      this.move(step);
    }
  }

  /** Look anew: the words or the picture have changed. Where the reader is stays, if it is still found. */
  look() {
    const here = this.found[this.at];
    this.found = matches(this.nodes(), this.input.value);
    this.at = this.found.indexOf(here);
    if (this.at < 0 && document.activeElement === this.input && this.found.length) this.move(1);
    else this.mark();
  }

  move(step) {
    if (!this.found.length) return;
    this.at = (this.at + step + this.found.length) % this.found.length;
    this.mark();
    this.go(this.found[this.at]);
  }

  mark() {
    const asked = this.input.value.trim() !== "", found = new Set(this.found), here = this.found[this.at];
    for (const [key, group] of this.groups()) {
      group.classList.toggle("vg-found", found.has(key));
      group.classList.toggle("vg-here", key === here && asked);
      group.classList.toggle("vg-other", asked && found.size > 0 && !found.has(key));
    }
    const shut = this.nodes().some((node) => node.kind === "box");
    const none = shut ? "none shown" : "none"; // what is in a folded box is not looked at
    this.count.textContent = !asked ? "" : found.size ? `${Math.max(this.at, 0) + 1} of ${found.size}` : none;
  }
}
