// Draws one recorded graph: the `scene` that viz/scene.py makes. Plain SVG and DOM, no library and no network.
// viz/widget.py puts this file and those that it imports together into the one script that a front end gets.

import { count, ease, html, mix, round, runsCell, stillPreferred, svg } from "./dom.js";
import { between, parsePath, refine, straight } from "./curves.js";
import { detailsOf, drawNode, edgeClass, labelEdge, neighbour, newEdge, nodeClass, placeEdge, spoken } from "./nodes.js";
import { describe, drawKey } from "./words.js";
import { Direction } from "./direction.js";
import { face } from "./icons.js";
import { boxAround, Folding, isBox } from "./fold.js";
import { Marks } from "./marks.js";
import { initialize, whileGone } from "./kernel.js";
import { Screen } from "./screen.js";
import { Search } from "./search.js";
import { Stage } from "./stage.js";

const GLIDE_MS = 350;

export class GraphView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.nodes = new Map(); // key -> {node, group, now, from, to, gone}
    this.edges = new Map();
    this.scene = null;
    this.drawn = 0;
    this.frame = 0;
    this.build();
    this.listen();
    this.flags();
    this.draw();
  }

  build() {
    const tool = (text, label, onclick, more = {}) =>
      html("button", { type: "button", class: "vg-button", "aria-label": label, title: label, onclick, ...more }, text);
    this.summary = html("p", { class: "vg-summary" });
    this.digest = html("p", { class: "vg-digest" });
    this.folding = new Folding(this.model, (key) => this.focusOn(key));
    this.marks = new Marks((key) => this.focusOn(key));
    this.direction = new Direction(this.model);
    const shut = { "aria-expanded": "false" };
    this.keyButton = face(tool("", "How to read this", () => this.toggle("legend"), shut), "help", "How to read this");
    this.outlineButton = face(tool("", "Outline: the whole graph in words", () => this.toggle("outline"), shut), "outline", "Outline");
    this.sizeButton = tool("", "Larger, for a projector", () => {
      this.model.set("size", this.model.get("size") === "large" ? "normal" : "large");
      this.model.save_changes();
    });
    this.root = html("section", { class: "vg", "aria-label": "Computation graph" });
    this.search = new Search({ nodes: () => this.scene.nodes, go: (key) => this.reveal(key), leave: (key) => this.focusOn(key),
      groups: () => [...this.nodes].map(([key, item]) => [key, item.group]) });
    this.screen = new Screen(this.root, (full) => { this.stage.full = full; this.resize(); });
    const tools = html("div", { class: "vg-tools", role: "toolbar", "aria-label": "Graph view" }, this.search.element,
      html("span", { class: "vg-group" }, tool("−", "Zoom out", () => this.stage.zoomBy(1 / 1.25)),
        tool("Fit", "Fit all of the graph", () => this.stage.zoomBy(0)), tool("+", "Zoom in", () => this.stage.zoomBy(1.25))),
      this.marks.button, this.direction.tools, this.folding.tools, this.keyButton, this.outlineButton, ...this.screen.buttons,
      this.sizeButton);
    this.edgeLayer = svg("g", { class: "vg-edges", "aria-hidden": "true" });
    this.labelLayer = svg("g", { class: "vg-labels", "aria-hidden": "true" });
    this.nodeLayer = svg("g", { class: "vg-nodes" });
    this.notice = html("p", { class: "vg-notice" });
    this.stage = new Stage(this.notice, this.folding.layer, this.direction.layer, this.edgeLayer, this.folding.heads, this.labelLayer,
      this.nodeLayer);
    this.panel = html("aside", { class: "vg-panel", hidden: "", "aria-label": "Details of the chosen node" });
    this.caption = html("p", { class: "vg-caption", role: "status", "aria-live": "polite" });
    this.note = html("p", { class: "vg-note", hidden: "", "aria-live": "polite" });
    this.error = html("p", { class: "vg-error", hidden: "", role: "alert" });
    this.legend = html("div", { class: "vg-legend", hidden: "" });
    this.told = html("pre", { tabindex: "0", "aria-label": "The graph as text" });
    this.glossary = html("dl", { class: "vg-rows", "aria-label": "Words used above" });
    this.outline = html("div", { class: "vg-outline", hidden: "" }, this.told, this.glossary);
    this.lost = html("p", { class: "vg-lost-note", role: "status" });
    this.root.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the arrow keys otherwise
    this.content = html("div", { class: "vg-content" },
      html("header", { class: "vg-bar" }, html("div", { class: "vg-title" }, this.summary, this.digest), tools),
      this.legend, html("div", { class: "vg-main" }, this.stage.element, this.panel), this.stage.overview.element,
      this.caption, this.error, this.note, this.outline);
    this.root.append(this.content, this.lost);
    this.el.append(this.root);
  }

  listen() {
    const watch = (trait, act) => {
      this.model.on(`change:${trait}`, act);
      this.undo.push(() => this.model.off(`change:${trait}`, act));
    };
    this.undo = [];
    watch("scene", () => this.draw());
    watch("selected", () => this.showPanel());
    watch("direction", () => this.direction.flags());
    for (const trait of ["size", "note", "error", "stale"]) watch(trait, () => this.flags());
    const width = new ResizeObserver(() => this.resize());
    width.observe(this.stage.element);
    this.undo.push(() => width.disconnect(), () => cancelAnimationFrame(this.frame));
    this.undo.push(whileGone(this.model, this.el, (words) => this.lose(words)));
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  close() {
    for (const act of this.undo) act();
    this.screen.close();
    this.root.remove();
  }

  /** The kernel is gone: the picture stays to be looked at, and nothing in it can be pressed. */
  lose(words) {
    this.content.inert = Boolean(words);
    this.root.classList.toggle("vg-lost", Boolean(words));
    this.lost.replaceChildren(...(words ? [html("span", {}, words)] : []));
  }

  toggle(name) {
    const part = this[name], button = name === "legend" ? this.keyButton : this.outlineButton;
    part.hidden = !part.hidden;
    if (part === this.legend) drawKey(part, this.scene);
    button.setAttribute("aria-expanded", String(!part.hidden));
    if (!part.hidden) part.scrollIntoView({ block: "nearest" }); // it opens below, where it may be off the screen
  }

  flags() {
    const large = this.model.get("size") === "large";
    this.root.dataset.size = large ? "large" : "normal";
    face(this.sizeButton, large ? "smaller" : "larger", large ? "Normal size" : "Larger");
    for (const name of ["aria-label", "title"]) {
      this.sizeButton.setAttribute(name, large ? "Normal size" : "Larger, for a projector");
    }
    for (const name of ["note", "error"]) {
      const text = this.model.get(name) || "";
      this[name].textContent = text;
      this[name].hidden = !text;
    }
    this.root.classList.toggle("vg-stale", Boolean(this.model.get("stale")));
    this.resize();
  }

  // ---- drawing and moving

  draw() {
    const started = performance.now();
    const before = this.scene;
    const scene = this.current();
    this.scene = { width: 0, height: 0, summary: "", digest: "", outline: "", glossary: [], notice: "", ...scene,
      nodes: scene.nodes || [], edges: scene.edges || [] };
    this.stage.picture = { w: this.scene.width, h: this.scene.height };
    this.stage.overview.draw(this.scene);
    this.setWords(before);
    this.folding.draw(this.scene);
    this.marks.draw(this.scene);
    this.direction.draw(this.scene);
    const appear = Boolean(before && before.nodes.length);
    this.mergeNodes(appear);
    this.mergeEdges(appear);
    this.showPanel();
    this.search.look();
    drawKey(this.legend, this.scene);
    this.glide();
    this.folding.follow(this.scene);
    this.drawn += 1;
    Object.assign(this.el.dataset, { digest: this.scene.digest, drawn: this.drawn, nodes: this.scene.nodes.length,
      drawMs: (performance.now() - started).toFixed(2) });
    performance.clearMarks("viz:drawn");
    performance.mark("viz:drawn", { detail: this.scene.digest });
    requestAnimationFrame(() => setTimeout(() => { // the frame that shows it is on the screen
      performance.clearMarks("viz:painted");
      performance.mark("viz:painted");
      this.el.dataset.painted = this.drawn;
    }));
  }

  /** The scene to draw. */
  current() {
    return this.model.get("scene") || {};
  }

  setWords(before) {
    const { summary, digest, outline, notice, nodes } = this.scene;
    this.summary.textContent = summary || "Computation graph";
    this.digest.replaceChildren(...(digest ? ["digest ", html("code", {}, String(digest).slice(0, 8))] : []));
    this.digest.title = digest ? "Fingerprint of the graph: the same structure gives the same letters." : "";
    this.told.textContent = outline;
    this.glossary.replaceChildren(...this.scene.glossary.flatMap(([word, meaning]) =>
      [html("dt", {}, String(word)), html("dd", {}, String(meaning))]));
    this.notice.textContent = notice;
    this.notice.hidden = !notice;
    this.stage.svg.setAttribute("aria-label",
      `Graph of ${count(nodes.length, "node")}. ${summary}. Arrow keys follow the edges, Enter opens a node.`);
    const both = before && before.nodes.length && nodes.length;
    this.caption.textContent = both ? describe(before, this.scene) : "";
    this.caption.classList.toggle("vg-same", this.caption.textContent.startsWith("same graph"));
  }

  mergeNodes(appear) {
    const wanted = new Map(this.scene.nodes.map((node) => [node.key, node]));
    const from = (key) => this.nodes.get(key)?.now, into = (key) => wanted.get(key);
    for (const item of this.nodes.values()) if (!wanted.has(item.node.key)) this.dismiss(item, boxAround(item.node, into));
    for (const node of this.scene.nodes) {
      const old = this.nodes.get(node.key);
      const { x, y } = boxAround(node, from) || node;
      const item = old || { now: { x, y, o: appear ? 0.15 : 1, z: appear ? 0.8 : 1 }, drawnAs: "" };
      const fresh = appear && (!old || old.gone || old.node.recorded !== node.recorded);
      if (!old) {
        item.group = svg("g", { tabindex: "-1", role: "button" });
        item.group.addEventListener("click", () => this.press(node.key));
        item.group.addEventListener("focus", () => this.rove(node.key));
        this.nodes.set(node.key, item);
        this.nodeLayer.append(item.group);
      }
      const { kind, op_kind, title, subtitle, w, h, recorded, reason, badges, pins, mark, rows } = node;
      const drawnAs = JSON.stringify([kind, op_kind, title, subtitle, w, h, recorded, reason, badges, pins, mark, rows]);
      if (item.drawnAs !== drawnAs) item.group.replaceChildren(...drawNode(node));
      Object.assign(item, { node, drawnAs, gone: false, to: { x: node.x, y: node.y, o: 1, z: 1 } });
      item.group.setAttribute("class", nodeClass(node) + (fresh ? " vg-fresh" : ""));
      item.group.setAttribute("aria-label", spoken(node, this.scene.edges));
      item.group.setAttribute("data-key", node.key);
      item.group.removeAttribute("aria-hidden");
    }
    if (!wanted.has(this.roving)) this.rove(this.scene.nodes.length ? this.scene.nodes[0].key : null);
  }

  mergeEdges(appear) {
    const wanted = new Set(this.scene.edges.map((edge) => edge.key));
    for (const item of this.edges.values()) if (!wanted.has(item.edge.key)) this.dismiss(item);
    for (const edge of this.scene.edges) {
      const points = parsePath(edge.path) || this.directLine(edge);
      if (!points) continue;
      let item = this.edges.get(edge.key);
      if (!item) {
        item = { ...newEdge(), now: { points, x: edge.lx, y: edge.ly, o: appear ? 0.15 : 1 } };
        this.edges.set(edge.key, item);
        this.edgeLayer.append(item.group);
        this.labelLayer.append(item.label);
      }
      const pieces = Math.max(points.length, item.now.points.length);
      item.now.points = refine(item.now.points, (pieces - 1) / 3);
      Object.assign(item, { edge, gone: false,
        to: { points: refine(points, (pieces - 1) / 3), x: edge.lx, y: edge.ly, o: 1 } });
      item.group.setAttribute("class", edgeClass(edge));
      labelEdge(item.label, edge);
    }
  }

  directLine(edge) {
    const [from, to] = [edge.from, edge.to].map((key) => this.scene.nodes.find((node) => node.key === key));
    if (!from || !to) return null;
    const start = [from.x + from.w / 2, from.y];
    return [start, ...straight(start, [to.x - to.w / 2, to.y])];
  }

  dismiss(item, into) {
    item.gone = true;
    item.to = { ...item.now, o: 0 };
    if (into) Object.assign(item.to, { x: into.x, y: into.y });
    item.group.setAttribute("aria-hidden", "true");
    item.group.setAttribute("tabindex", "-1");
    item.group.classList.add("vg-gone");
  }

  /** Move everything from where it is now to where the scene wants it; a newer scene simply starts over from there. */
  glide() {
    cancelAnimationFrame(this.frame);
    const items = [...this.nodes.values(), ...this.edges.values()];
    for (const item of items) item.from = item.now;
    const page = this.stage.page;
    this.stage.aim = this.stage.goal();
    const first = this.drawn === 0 || stillPreferred();
    const started = performance.now();
    const step = (time) => {
      const t = first ? 1 : Math.max(0, Math.min(1, (time - started) / GLIDE_MS));
      const k = ease(t);
      for (const item of this.nodes.values()) this.placeNode(item, k, t);
      for (const item of this.edges.values()) this.placeEdge(item, k, t);
      const { w, h, scale } = this.stage.aim; // a resize in between may change it
      this.stage.setPage(mix(page.w, w, k), mix(page.h, h, k), mix(page.scale, scale, k));
      this.el.dataset.settled = String(t === 1);
      if (t < 1) this.frame = requestAnimationFrame(step);
      else { this.forgetGone(); this.stage.fade(); }
    };
    step(started);
  }

  placeNode(item, k, t) {
    const { from, to } = item;
    const o = item.gone ? mix(from.o, 0, Math.min(1, 2 * t)) : mix(from.o, to.o, k);
    item.now = { x: mix(from.x, to.x, k), y: mix(from.y, to.y, k), o, z: mix(from.z, to.z, k) };
    const { x, y, z } = item.now;
    const scale = z === 1 ? "" : ` scale(${z.toFixed(3)})`;
    item.group.setAttribute("transform", `translate(${round(x)} ${round(y)})${scale}`);
    item.group.setAttribute("opacity", o.toFixed(2));
  }

  placeEdge(item, k, t) {
    const { from, to, parts } = item;
    const o = item.gone ? mix(from.o, 0, Math.min(1, 2 * t)) : mix(from.o, to.o, k);
    const points = to.points.map((point, i) => between(from.points[i], point, k));
    item.now = { points, x: mix(from.x, to.x, k), y: mix(from.y, to.y, k), o };
    placeEdge(parts, points, item.edge);
    item.label.setAttribute("transform", `translate(${round(item.now.x)} ${round(item.now.y)})`);
    for (const part of [item.group, item.label]) part.setAttribute("opacity", o.toFixed(2));
  }

  forgetGone() {
    for (const items of [this.nodes, this.edges]) {
      for (const [key, item] of items) if (item.gone) { item.group.remove(); item.label?.remove(); items.delete(key); }
    }
  }

  // ---- size

  resize() {
    if (this.scene && this.stage.resize(this.root.dataset.size)) this.reveal(this.model.get("selected"), true);
  }

  reveal(key, little = false) {
    const item = this.nodes.get(key);
    if (item) this.stage.reveal(item.to, item.node, little);
  }

  // ---- choosing a node

  rove(key) {
    const old = this.nodes.get(this.roving);
    if (old) old.group.setAttribute("tabindex", "-1");
    this.roving = key;
    const item = this.nodes.get(key);
    if (item) item.group.setAttribute("tabindex", "0");
  }

  select(key) {
    this.model.set("selected", this.model.get("selected") === key ? "" : key);
    this.model.save_changes();
    this.showPanel();
  }

  /** A shut box opens; of anything else the details are shown. */
  press(key) {
    if (isBox(this.nodes.get(key)?.node)) this.folding.ask("open", key);
    else this.select(key);
  }

  key(event) {
    if (runsCell(event)) return;
    const onNode = event.target.closest && event.target.closest(".vg-node");
    const zooms = { "+": 1.25, "=": 1.25, "-": 1 / 1.25, 0: 0 };
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Escape" && this.model.get("selected")) {
      this.focusOn(this.model.get("selected"));
      this.select(this.model.get("selected"));
    } else if (event.key === "Escape" && this.screen.isFull) {
      this.screen.leave();
    } else if (plain && event.key === "/") {
      this.search.focus();
    } else if (plain && onNode && event.key in zooms) {
      this.stage.zoomBy(zooms[event.key]);
    } else if (plain && onNode && (event.key === "Enter" || event.key === " ")) {
      if (event.key === "Enter") this.press(onNode.dataset.key); else this.select(onNode.dataset.key);
    } else if (plain && onNode && this.marks.key(event.key, onNode.dataset.key)) {
      // it went there
    } else if (plain && onNode && neighbour(this.scene, onNode.dataset.key, event.key)) {
      this.focusOn(neighbour(this.scene, onNode.dataset.key, event.key));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  focusOn(key) {
    const item = this.nodes.get(key);
    if (!item) return;
    item.group.focus();
    this.reveal(key); // the browser stops where the node touches the edge
  }

  showPanel() {
    if (!this.scene) return;
    const key = this.model.get("selected");
    const node = this.scene.nodes.find((n) => n.key === key);
    for (const item of this.nodes.values()) {
      item.group.classList.toggle("vg-chosen", Boolean(node) && item.node.key === key);
      item.group.setAttribute("aria-expanded", String(Boolean(node) && item.node.key === key));
    }
    this.panel.hidden = !node;
    const close = () => { this.focusOn(node.key); this.select(node.key); };
    if (node) this.panel.replaceChildren(...detailsOf(node, close, this.folding.buttons(node, this.scene)));
    else this.panel.replaceChildren();
  }
}

const graph = {
  initialize,
  render({ model, el }) {
    const view = new GraphView(model, el);
    return () => view.close();
  },
};
export default graph;
