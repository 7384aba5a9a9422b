// Draws one recorded graph: the `scene` that viz/scene.py makes. Plain SVG and DOM, no library and no network.
// Text reaches the page through textContent and setAttribute only, so a label can never become markup.

const GLIDE_MS = 350;
const RETURN_OFFSET = 5; // px between an edge and the gradient arrow that runs back along it
const SIZES = { normal: { least: 0.68, most: 1.15 }, large: { least: 0.9, most: 2.2 } }; // scales to start with

// ---------------------------------------------------------------- small helpers

function html(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const mix = (a, b, k) => a + (b - a) * k;
const ease = (t) => 1 - (1 - t) ** 3;
const count = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
const stillPreferred = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();
function textWidth(text, font) {
  const key = font + text;
  if (!widths.has(key)) {
    if (widths.size > 5000) widths.clear();
    pen.font = font;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

/** The longest beginning of `text` that fits `room` px, with an ellipsis when something had to go. */
function fit(text, room, font) {
  text = String(text).replace(/\s+/g, " ").slice(0, 400);
  if (textWidth(text, font) <= room) return text;
  let low = 1, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (textWidth(text.slice(0, middle) + "…", font) <= room) low = middle; else high = middle - 1;
  }
  return text.slice(0, low) + "…";
}

// ---------------------------------------------------------------- curves
// An edge is a list of points: start, then (control, control, end) per cubic piece.

function parsePath(d) {
  const tokens = String(d).match(/[a-zA-Z]|-?(?:\d*\.)?\d+(?:e-?\d+)?/gi) || [];
  const points = [];
  let command = "";
  for (let i = 0; i < tokens.length;) {
    if (/[a-z]/i.test(tokens[i]) && tokens[i].length === 1) command = tokens[i++];
    const take = () => [Number(tokens[i++]), Number(tokens[i++])];
    if (command === "M") points.push(take());
    else if (command === "C") points.push(take(), take(), take());
    else if (command === "L") points.push(...straight(points[points.length - 1], take()));
    else break;
  }
  const whole = points.length >= 4 && points.length % 3 === 1;
  return whole && points.every(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) ? points : null;
}

function straight([x0, y0], [x1, y1]) {
  return [[mix(x0, x1, 1 / 3), mix(y0, y1, 1 / 3)], [mix(x0, x1, 2 / 3), mix(y0, y1, 2 / 3)], [x1, y1]];
}

const between = (p, q, k) => [mix(p[0], q[0], k), mix(p[1], q[1], k)];

/** Cut the first piece in two until there are `pieces`, so that two curves can be mixed point by point. */
function refine(points, pieces) {
  points = points.slice();
  for (let at = 0; (points.length - 1) / 3 < pieces; at = (at + 6) % (points.length - 1)) {
    const [a, b, c, d] = points.slice(at, at + 4);
    const ab = between(a, b, 0.5), bc = between(b, c, 0.5), cd = between(c, d, 0.5);
    const abc = between(ab, bc, 0.5), bcd = between(bc, cd, 0.5);
    points.splice(at, 4, a, ab, abc, between(abc, bcd, 0.5), bcd, cd, d);
  }
  return points;
}

function pointOn(points, t) {
  const pieces = (points.length - 1) / 3;
  const piece = Math.min(pieces - 1, Math.floor(t * pieces));
  const [a, b, c, d] = points.slice(piece * 3, piece * 3 + 4);
  const k = t * pieces - piece;
  const abc = between(between(a, b, k), between(b, c, k), k);
  const bcd = between(between(b, c, k), between(c, d, k), k);
  return [...between(abc, bcd, k), Math.atan2(bcd[1] - abc[1], bcd[0] - abc[0])];
}

const round = (n) => Math.round(n * 10) / 10;
const xy = (p) => `${round(p[0])} ${round(p[1])}`;

function head([x, y], angle, length, half) {
  const bx = x - length * Math.cos(angle), by = y - length * Math.sin(angle);
  const sx = half * Math.sin(angle), sy = -half * Math.cos(angle);
  return `M${xy([x, y])}L${xy([bx + sx, by + sy])}L${xy([bx - sx, by - sy])}Z`;
}

function forwardPaths(points) {
  const end = points[points.length - 1];
  const [, , angle] = pointOn(points, 0.97);
  const stop = [end[0] - 6 * Math.cos(angle), end[1] - 6 * Math.sin(angle)];
  let line = `M${xy(points[0])}`;
  for (let i = 1; i < points.length; i += 3) {
    line += `C${xy(points[i])} ${xy(points[i + 1])} ${xy(i + 2 === points.length - 1 ? stop : points[i + 2])}`;
  }
  return [line, head(end, angle, 8, 3.6)];
}

/** The curve as `count` points at equal distances, from `before` px after its start to `after` px before its end. */
function evenly(points, count, before, after) {
  const pieces = (points.length - 1) / 3, dense = [], far = [0];
  for (let i = 0; i <= 10 * pieces; i++) {
    dense.push(pointOn(points, i / (10 * pieces)));
    if (i) far.push(far[i - 1] + Math.hypot(dense[i][0] - dense[i - 1][0], dense[i][1] - dense[i - 1][1]));
  }
  const length = far[far.length - 1], start = Math.min(before, length / 4), end = length - Math.min(after, length / 4);
  const even = [];
  for (let n = 0, i = 1; n < count; n++) {
    const want = mix(start, end, n / (count - 1));
    while (i < far.length - 1 && far[i] < want) i++;
    const [p, q] = [dense[i - 1], dense[i]], k = (want - far[i - 1]) / (far[i] - far[i - 1] || 1);
    even.push([...between(p, q, k), Math.atan2(q[1] - p[1], q[0] - p[0])]);
  }
  return even;
}

/** The way back of the gradient: the same curve a little to the side, its head at the producer's end. */
function returnPaths(points) {
  const beside = evenly(points, 16, 3, 9).map(([x, y, angle]) =>
    [x - RETURN_OFFSET * Math.sin(angle), y + RETURN_OFFSET * Math.cos(angle), angle]);
  const [x, y, angle] = beside[0];
  const back = [x + 5 * Math.cos(angle), y + 5 * Math.sin(angle)];
  const ahead = beside.filter(([px, py]) => Math.hypot(px - x, py - y) > 5.5);
  return ["M" + [back, ...ahead].map(xy).join("L"), head([x, y], angle + Math.PI, 7, 3)];
}

// ---------------------------------------------------------------- one node, one edge

const KIND_WORDS = {
  leaf: "leaf tensor", parameter: "parameter", input: "input, needs no gradient", op: "operation", output: "result",
};
const FONT = "system-ui, sans-serif"; // for measuring only; the sheet sets the real one

/** Short tags of a node; on an op the arrow that comes back already says "grad". */
function tagsOf(node) {
  return (node.badges || []).map(String).filter((tag) => node.kind !== "op" || tag !== "grad");
}

function toneOf(tag) {
  if (/^no grad(ient)?$|^grad is nan/.test(tag)) return "warn";
  if (/^grad/.test(tag)) return "grad";
  return /^(cut|no_grad|needs no grad|detach)/.test(tag) ? "cut" : "plain";
}

function outlineOf(node, grow = 0, tag = "rect", extra = {}) {
  const w = node.w + 2 * grow, h = node.h + 2 * grow;
  if (node.kind === "output") { // a flag that points out of the graph
    const nose = Math.min(12, h / 3);
    const d = `M${-w / 2 + 5} ${-h / 2}H${w / 2 - nose}L${w / 2} 0L${w / 2 - nose} ${h / 2}H${-w / 2 + 5}` +
      `Q${-w / 2} ${h / 2} ${-w / 2} ${h / 2 - 5}V${-h / 2 + 5}Q${-w / 2} ${-h / 2} ${-w / 2 + 5} ${-h / 2}Z`;
    return svg("path", { d, ...extra });
  }
  const r = node.kind === "op" ? 6 + grow : h / 2;
  return svg(tag, { x: -w / 2, y: -h / 2, width: w, height: h, rx: r, ...extra });
}

function drawNode(node) {
  const parts = [outlineOf(node, 4, "rect", { class: "vg-ring" }), outlineOf(node, 0, "rect", { class: "vg-shape" })];
  if (node.kind === "parameter") parts.push(outlineOf(node, -3.5, "rect", { class: "vg-inner" }));
  const room = node.w - (node.kind === "op" ? 12 : 20);
  const title = svg("text", { class: "vg-name", y: node.subtitle ? -2.5 : 4.5 });
  title.textContent = fit(node.title, room, `600 13px ${FONT}`);
  parts.push(title);
  if (node.subtitle) {
    const subtitle = svg("text", { class: "vg-sub", y: 12.5 });
    subtitle.textContent = fit(node.subtitle, room, `11px ${FONT}`);
    parts.push(subtitle);
  }
  return [...parts, ...drawTags(node)];
}

function drawTags(node) {
  const parts = [];
  let row = [], y = node.h / 2 + 5, rowWidth = 0;
  const flush = () => {
    let x = -rowWidth / 2;
    for (const [tag, w] of row) {
      const label = svg("text", { x: x + w / 2, y: y + 3.4 });
      label.textContent = fit(tag, 150, `10px ${FONT}`);
      parts.push(svg("g", { class: `vg-tag vg-tag-${toneOf(tag)}` },
        svg("rect", { x, y: y - 7.5, width: w, height: 15, rx: 7.5 }), label));
      x += w + 3;
    }
    row = []; rowWidth = 0; y += 17;
  };
  for (const tag of tagsOf(node)) {
    const w = textWidth(fit(tag, 150, `10px ${FONT}`), `10px ${FONT}`) + 14;
    if (row.length && rowWidth + w + 3 > node.w + 24) flush();
    rowWidth += w + (row.length ? 3 : 0);
    row.push([tag, w]);
  }
  if (row.length) flush();
  return parts;
}

function nodeClass(node) {
  const kind = `vg-node vg-kind-${node.kind} vg-op-${node.op_kind || "none"}`;
  return node.recorded ? kind : `${kind} vg-unrecorded`;
}

function spoken(node, edges) {
  const what = node.kind === "op" ? `operation${node.op_kind ? ", " + node.op_kind : ""}` : KIND_WORDS[node.kind];
  const from = edges.filter((e) => e.to === node.key).length, to = edges.filter((e) => e.from === node.key).length;
  const tags = tagsOf(node), why = tags.join().includes(node.reason) ? "" : node.reason;
  const unrecorded = node.kind === "op" && !node.recorded ? ["not recorded", why] : [];
  return [node.title, what, node.subtitle, ...unrecorded, ...tags,
    from ? `${from} in` : "", to ? `${to} out` : ""].filter(Boolean).join(", ").slice(0, 400);
}

function newEdge() {
  const parts = {};
  for (const name of ["halo", "line", "head", "back", "backHead"]) {
    parts[name] = svg("path", { class: `vg-edge-${name}` });
  }
  parts.label = svg("text", { class: "vg-edge-label" });
  return { parts, group: svg("g", { class: "vg-edge" }, ...Object.values(parts)) };
}

function edgeClass(edge) {
  if (!edge.recorded) return "vg-edge vg-unrecorded";
  return edge.tracks === false ? "vg-edge vg-untracked" : "vg-edge";
}

function placeEdge(parts, points, flows) {
  const [line, arrow] = forwardPaths(points);
  parts.halo.setAttribute("d", line);
  parts.line.setAttribute("d", line);
  parts.head.setAttribute("d", arrow);
  const [back, backHead] = flows ? returnPaths(points) : ["", ""];
  parts.back.setAttribute("d", back);
  parts.backHead.setAttribute("d", backHead);
}

// ---------------------------------------------------------------- what changed, in words

/** One sentence on what differs between two scenes; the eye gets it as a caption, a screen reader as a live line. */
export function describe(before, after) {
  const old = new Map(before.nodes.map((node) => [node.key, node]));
  const now = new Map(after.nodes.map((node) => [node.key, node]));
  const kept = after.nodes.filter((node) => old.has(node.key));
  const named = (nodes) => (nodes.length <= 3 ? `: ${nodes.map((n) => String(n.title).slice(0, 24)).join(", ")}` : "");
  const parts = [];
  const add = (nodes, words) => nodes.length && parts.push(words(nodes.length) + named(nodes));
  const ops = kept.filter((node) => node.kind === "op");
  add(ops.filter((n) => !n.recorded && old.get(n.key).recorded),
    (n) => `${count(n, "op is", "ops are")} no longer recorded`);
  add(ops.filter((n) => n.recorded && !old.get(n.key).recorded),
    (n) => `${count(n, "op is", "ops are")} recorded now`);
  add(after.nodes.filter((n) => !old.has(n.key)), (n) => count(n, "new node"));
  add(before.nodes.filter((n) => !now.has(n.key)), (n) => `${count(n, "node")} gone`);
  const leaves = kept.filter((node) => node.kind === "leaf" || node.kind === "parameter");
  const got = leaves.filter((n) => n.grad && !old.get(n.key).grad);
  const lost = leaves.filter((n) => !n.grad && old.get(n.key).grad);
  add(got, (n) => `${count(n, "gradient")} arrived`);
  add(lost, (n) => `${count(n, "gradient is", "gradients are")} gone`);
  const moved = leaves.filter((n) => n.grad && old.get(n.key).grad && n.grad !== old.get(n.key).grad);
  if (!parts.length) add(moved, (n) => `${count(n, "gradient")} changed`);
  if (!parts.length && after.digest !== before.digest) parts.push("same nodes, another graph: shapes or edges differ");
  const newValues = kept.some((n) => n.value !== old.get(n.key).value);
  if (!parts.length) parts.push(newValues ? "same graph, new values" : "same graph, same values");
  return parts.join("; ");
}

// ---------------------------------------------------------------- the key

const LEGEND = [
  ["leaf", "Rounded: a leaf tensor that requires a gradient", { kind: "leaf", title: "x" }],
  ["parameter", "Double border: a parameter of a module", { kind: "parameter", title: "w" }],
  ["input", "Thin and hollow: an input that needs no gradient", { kind: "input", title: "data" }],
  ["op", "Box: one operation that ran. The tint tells its kind", { kind: "op", op_kind: "elementwise", title: "mul" }],
  ["unrecorded", "Dashed and hollow: it ran but was not recorded. Where that begins, a tag says why",
    { kind: "op", op_kind: "elementwise", title: "mul", recorded: false, badges: ["no_grad"] }],
  ["output", "Flag: a result that nothing here used again", { kind: "output", title: "y" }],
  ["warn", "“no gradient”: nothing came back to this leaf",
    { kind: "parameter", title: "b", badges: ["no gradient"] }],
  ["grad", "“grad”: backward left a gradient here, added up if it came more than once",
    { kind: "parameter", title: "w", badges: ["grad"] }],
];
const LEGEND_EDGES = [
  ["A value moves along; its shape stands on the edge", { recorded: true, flows: false, label: "(3, 4)" }],
  ["Second arrow, the other way: a gradient came back", { recorded: true, flows: true, label: "(3, 4)" }],
  ["Thin and pale: nothing here asks for a gradient", { recorded: true, tracks: false, label: "(3, 4)" }],
  ["Dashed: not recorded, so no gradient can come back", { recorded: false, flows: false, label: "(3, 4)" }],
];
const OP_KINDS = ["elementwise", "activation", "reduce", "matmul", "shape", "index", "loss", "copy"];

function sample(...content) {
  return svg("svg", { viewBox: "-50 -22 100 48", width: 100, height: 48, "aria-hidden": "true" }, ...content);
}

function legendParts() {
  const list = html("ul", { class: "vg-key" });
  for (const [, words, node] of LEGEND) {
    const full = { recorded: true, badges: [], w: 58, h: 30, ...node };
    const picture = sample(svg("g", { class: nodeClass(full) }, ...drawNode(full)));
    list.append(html("li", {}, picture, html("span", {}, words)));
  }
  for (const [words, edge] of LEGEND_EDGES) {
    const { parts, group } = newEdge();
    placeEdge(parts, [[-38, 4], ...straight([-38, 4], [38, 4])], edge.flows);
    group.setAttribute("class", edgeClass(edge));
    parts.label.textContent = edge.label;
    parts.label.setAttribute("y", -4);
    list.append(html("li", {}, sample(group), html("span", {}, words)));
  }
  const tints = html("p", { class: "vg-tints" }, html("span", {}, "Kinds of operation:"));
  for (const kind of OP_KINDS) tints.append(html("span", { class: `vg-tint vg-op-${kind}` }, kind));
  return [list, tints, html("p", { class: "vg-hint" },
    "Click a node, or reach the graph with Tab, follow edges with the arrow keys and press Enter for value and " +
    "gradient. Ctrl and the wheel, or + − 0, zoom; drag to move.")];
}

// ---------------------------------------------------------------- the view

class GraphView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.nodes = new Map(); // key -> {node, group, now, from, to, gone}
    this.edges = new Map();
    this.scene = null;
    this.page = { w: 0, h: 0, scale: 1 };
    this.zoom = null; // null: fit to the width
    this.drawn = 0;
    this.frame = 0;
    this.build();
    this.listen();
    this.resize();
    this.flags();
    this.draw();
  }

  build() {
    const tool = (text, label, onclick, more = {}) =>
      html("button", { type: "button", class: "vg-button", "aria-label": label, title: label, onclick, ...more }, text);
    this.summary = html("p", { class: "vg-summary" });
    this.digest = html("code", { class: "vg-digest" });
    const shut = { "aria-expanded": "false" };
    this.keyButton = tool("How to read this", "How to read this", () => this.toggle("legend"), shut);
    this.outlineButton = tool("Outline", "Outline: the whole graph in words", () => this.toggle("outline"), shut);
    this.sizeButton = tool("Larger", "Larger, for a projector", () => {
      this.model.set("size", this.model.get("size") === "large" ? "normal" : "large");
      this.model.save_changes();
    }, { "aria-pressed": "false" });
    const tools = html("div", { class: "vg-tools", role: "toolbar", "aria-label": "Graph view" },
      html("span", { class: "vg-group" }, tool("−", "Zoom out", () => this.zoomBy(1 / 1.25)),
        tool("Fit", "Fit the whole width", () => this.zoomBy(0)), tool("+", "Zoom in", () => this.zoomBy(1.25))),
      this.keyButton, this.outlineButton, this.sizeButton);
    this.edgeLayer = svg("g", { class: "vg-edges", "aria-hidden": "true" });
    this.nodeLayer = svg("g", { class: "vg-nodes" });
    this.svg = svg("svg", { class: "vg-svg", role: "group" }, this.edgeLayer, this.nodeLayer);
    this.notice = html("p", { class: "vg-notice" });
    this.stage = html("div", { class: "vg-stage" }, this.notice, this.svg);
    this.panel = html("aside", { class: "vg-panel", hidden: "", "aria-label": "Details of the chosen node" });
    this.caption = html("p", { class: "vg-caption", role: "status", "aria-live": "polite" });
    this.note = html("p", { class: "vg-note", hidden: "", "aria-live": "polite" });
    this.error = html("p", { class: "vg-error", hidden: "", role: "alert" });
    this.legend = html("div", { class: "vg-legend", hidden: "" });
    this.outline = html("pre", { class: "vg-outline", hidden: "", tabindex: "0", "aria-label": "The graph as text" });
    const ownKeys = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab would take the arrow keys otherwise
    this.root = html("section", { class: "vg", "aria-label": "Computation graph", ...ownKeys },
      html("header", { class: "vg-bar" }, html("div", { class: "vg-title" }, this.summary, this.digest), tools),
      this.legend, html("div", { class: "vg-main" }, this.stage, this.panel),
      this.caption, this.error, this.note, this.outline);
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
    for (const trait of ["size", "note", "error", "stale"]) watch(trait, () => this.flags());
    const width = new ResizeObserver(() => this.resize());
    width.observe(this.stage);
    this.undo.push(() => width.disconnect(), () => cancelAnimationFrame(this.frame));
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 300), event);
    }, { passive: false });
    this.stage.addEventListener("scroll", () => this.fade(), { passive: true });
    this.stage.addEventListener("pointerdown", (event) => this.drag(event));
  }

  close() {
    for (const act of this.undo) act();
    this.root.remove();
  }

  toggle(name) {
    const part = this[name], button = name === "legend" ? this.keyButton : this.outlineButton;
    if (part === this.legend && !part.firstChild) part.append(...legendParts());
    part.hidden = !part.hidden;
    button.setAttribute("aria-expanded", String(!part.hidden));
  }

  flags() {
    const large = this.model.get("size") === "large";
    this.root.dataset.size = large ? "large" : "normal";
    this.sizeButton.textContent = large ? "Normal size" : "Larger";
    this.sizeButton.setAttribute("aria-pressed", String(large));
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
    const scene = this.model.get("scene") || {};
    this.scene = { width: 0, height: 0, summary: "", digest: "", outline: "", notice: "", ...scene,
      nodes: scene.nodes || [], edges: scene.edges || [] };
    this.setWords(before);
    const appear = Boolean(before && before.nodes.length);
    this.mergeNodes(appear);
    this.mergeEdges(appear);
    this.showPanel();
    this.glide();
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

  setWords(before) {
    const { summary, digest, outline, notice, nodes } = this.scene;
    this.summary.textContent = summary || "Computation graph";
    this.digest.textContent = digest ? String(digest).slice(0, 8) : "";
    this.digest.title = digest ? `digest ${digest}: two graphs of the same structure have the same digest` : "";
    this.outline.textContent = outline;
    this.notice.textContent = notice;
    this.notice.hidden = !notice;
    this.svg.setAttribute("aria-label",
      `Graph of ${count(nodes.length, "node")}. ${summary}. Arrow keys follow the edges, Enter opens a node.`);
    const both = before && before.nodes.length && nodes.length;
    this.caption.textContent = both ? describe(before, this.scene) : "";
    this.caption.classList.toggle("vg-same", this.caption.textContent.startsWith("same graph"));
  }

  mergeNodes(appear) {
    const wanted = new Set(this.scene.nodes.map((node) => node.key));
    for (const item of this.nodes.values()) if (!wanted.has(item.node.key)) this.dismiss(item);
    for (const node of this.scene.nodes) {
      const old = this.nodes.get(node.key);
      const item = old || { now: { x: node.x, y: node.y, o: appear ? 0.15 : 1, z: appear ? 0.8 : 1 }, drawnAs: "" };
      const fresh = appear && (!old || old.gone || old.node.recorded !== node.recorded);
      if (!old) {
        item.group = svg("g", { tabindex: "-1", role: "button" });
        item.group.addEventListener("click", () => this.select(node.key));
        item.group.addEventListener("focus", () => this.rove(node.key));
        this.nodes.set(node.key, item);
        this.nodeLayer.append(item.group);
      }
      const { kind, op_kind, title, subtitle, w, h, recorded, reason, badges } = node;
      const drawnAs = JSON.stringify([kind, op_kind, title, subtitle, w, h, recorded, reason, badges]);
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
      }
      const pieces = Math.max(points.length, item.now.points.length);
      item.now.points = refine(item.now.points, (pieces - 1) / 3);
      Object.assign(item, { edge, gone: false,
        to: { points: refine(points, (pieces - 1) / 3), x: edge.lx, y: edge.ly, o: 1 } });
      item.group.setAttribute("class", edgeClass(edge));
      const words = [edge.argument, edge.label].filter(Boolean).join(" ");
      item.parts.label.textContent = fit(words, 160, `10px ${FONT}`);
    }
  }

  directLine(edge) {
    const [from, to] = [edge.from, edge.to].map((key) => this.scene.nodes.find((node) => node.key === key));
    if (!from || !to) return null;
    const start = [from.x + from.w / 2, from.y];
    return [start, ...straight(start, [to.x - to.w / 2, to.y])];
  }

  dismiss(item) {
    item.gone = true;
    item.to = { ...item.now, o: 0 };
    item.group.setAttribute("aria-hidden", "true");
    item.group.setAttribute("tabindex", "-1");
    item.group.classList.add("vg-gone");
  }

  /** Move everything from where it is now to where the scene wants it; a newer scene simply starts over from there. */
  glide() {
    cancelAnimationFrame(this.frame);
    const items = [...this.nodes.values(), ...this.edges.values()];
    for (const item of items) item.from = item.now;
    const page = { ...this.page };
    this.aim = this.goal();
    const first = this.drawn === 0 || stillPreferred();
    const started = performance.now();
    const step = (time) => {
      const t = first ? 1 : Math.max(0, Math.min(1, (time - started) / GLIDE_MS));
      const k = ease(t);
      for (const item of this.nodes.values()) this.placeNode(item, k, t);
      for (const item of this.edges.values()) this.placeEdge(item, k, t);
      const { w, h, scale } = this.aim; // a resize in between may change it
      this.setPage(mix(page.w, w, k), mix(page.h, h, k), mix(page.scale, scale, k));
      this.el.dataset.settled = String(t === 1);
      if (t < 1) this.frame = requestAnimationFrame(step);
      else { this.forgetGone(); this.fade(); }
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
    placeEdge(parts, points, item.edge.flows);
    parts.label.setAttribute("x", round(item.now.x));
    parts.label.setAttribute("y", round(item.now.y + 3.5)); // the scene gives its middle
    item.group.setAttribute("opacity", o.toFixed(2));
  }

  forgetGone() {
    for (const items of [this.nodes, this.edges]) {
      for (const [key, item] of items) if (item.gone) { item.group.remove(); items.delete(key); }
    }
  }

  // ---- size

  goal() {
    const { width: w, height: h } = this.scene;
    if (this.zoom !== null) return { w, h, scale: this.zoom };
    const { least, most } = SIZES[this.root.dataset.size || "normal"];
    const whole = w ? Math.max(least, Math.min(most, this.wholeScale())) : most; // larger than that: it scrolls
    // A small change of the picture is no reason to rescale it.
    const calm = this.page.w && this.page.scale <= whole && this.page.scale >= 0.8 * whole;
    return { w, h, scale: calm ? this.page.scale : whole };
  }

  /** The scale at which all of the picture is seen at once. */
  wholeScale() {
    const { width: w, height: h } = this.scene;
    const tallest = this.root.dataset.size === "large" ? 828 : 488; // the stage of the style sheet, less its margins
    return Math.min((this.room || w) / Math.max(1, w), tallest / Math.max(1, h));
  }

  setPage(w, h, scale) {
    this.page = { w, h, scale };
    this.svg.setAttribute("viewBox", `0 0 ${round(Math.max(w, 1))} ${round(Math.max(h, 1))}`);
    this.svg.setAttribute("width", round(w * scale));
    this.svg.setAttribute("height", round(h * scale));
  }

  /** Pale edges on the sides where there is more to see. */
  fade() {
    const { scrollLeft, clientWidth, scrollWidth } = this.stage;
    this.stage.classList.toggle("vg-more-left", scrollLeft > 2);
    this.stage.classList.toggle("vg-more-right", scrollLeft + clientWidth < scrollWidth - 2);
  }

  resize() {
    if (!this.scene) return;
    const room = this.stage.clientWidth - 24;
    if (room < 40 || (room === this.room && this.lastSize === this.root.dataset.size)) return;
    this.room = room;
    this.zoom = null;
    this.lastSize = this.root.dataset.size;
    this.page.w = 0; // a new width starts a new fit
    const { w, h, scale } = this.aim = this.goal();
    this.setPage(w, h, scale);
    this.reveal(this.model.get("selected"));
    this.fade();
  }

  /** Scroll the stage, and only the stage, so far that this node is seen. */
  reveal(key) {
    const item = this.nodes.get(key);
    if (!item) return;
    const middle = item.to.x * this.page.scale - this.stage.scrollLeft, half = (item.node.w / 2) * this.page.scale + 20;
    if (middle - half < 0 || middle + half > this.stage.clientWidth) {
      this.stage.scrollLeft += middle - this.stage.clientWidth / 2;
    }
  }

  zoomBy(factor, at) {
    const box = this.stage.getBoundingClientRect();
    const px = at ? at.clientX - box.left : box.width / 2, py = at ? at.clientY - box.top : box.height / 2;
    const old = this.page.scale;
    const all = Math.min(SIZES[this.root.dataset.size].most, this.wholeScale());
    this.zoom = factor ? Math.max(0.1, Math.min(4, old * factor)) : all;
    const { w, h, scale } = this.aim = this.goal();
    const keep = (scrolled, p) => (scrolled + p) * (scale / old) - p; // what was at the pointer stays there
    const left = keep(this.stage.scrollLeft, px), top = keep(this.stage.scrollTop, py);
    this.setPage(w, h, scale);
    this.stage.scrollTo(left, top);
    this.fade();
  }

  drag(event) {
    if (event.button !== 0 || event.target.closest(".vg-node")) return;
    const { stage } = this;
    const start = [event.clientX + stage.scrollLeft, event.clientY + stage.scrollTop];
    const move = (e) => stage.scrollTo(start[0] - e.clientX, start[1] - e.clientY);
    const end = () => {
      stage.removeEventListener("pointermove", move);
      stage.classList.remove("vg-dragging");
    };
    stage.classList.add("vg-dragging");
    stage.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
      stage.addEventListener(name, end, { once: true });
    }
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

  key(event) {
    const onNode = event.target.closest && event.target.closest(".vg-node");
    const zooms = { "+": 1.25, "=": 1.25, "-": 1 / 1.25, 0: 0 };
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Escape" && this.model.get("selected")) {
      this.focusOn(this.model.get("selected"));
      this.select(this.model.get("selected"));
    } else if (plain && onNode && event.key in zooms) {
      this.zoomBy(zooms[event.key]);
    } else if (plain && onNode && (event.key === "Enter" || event.key === " ")) {
      this.select(onNode.dataset.key);
    } else if (plain && onNode && this.neighbour(onNode.dataset.key, event.key)) {
      this.focusOn(this.neighbour(onNode.dataset.key, event.key));
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

  /** The node that an arrow key leads to: along an edge to the side, by place up and down. */
  neighbour(key, pressed) {
    const { nodes, edges } = this.scene;
    const here = nodes.find((node) => node.key === key);
    const at = (k) => nodes.find((node) => node.key === k);
    const off = (node) => Math.abs(node.y - here.y);
    const near = (keys) => keys.map(at).filter(Boolean).sort((a, b) => off(a) - off(b) || a.x - b.x)[0];
    const down = pressed === "ArrowDown" ? 1 : pressed === "ArrowUp" ? -1 : 0;
    let found;
    if (pressed === "ArrowRight") found = near(edges.filter((e) => e.from === key).map((e) => e.to));
    else if (pressed === "ArrowLeft") found = near(edges.filter((e) => e.to === key).map((e) => e.from));
    else if (pressed === "Home") found = nodes[0];
    else if (pressed === "End") found = nodes[nodes.length - 1];
    else if (down && here) {
      const far = (n) => Math.abs(n.y - here.y) + 2 * Math.abs(n.x - here.x);
      found = nodes.filter((n) => (n.y - here.y) * down > 4).sort((a, b) => far(a) - far(b))[0];
    }
    return found ? found.key : null;
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
    if (node) this.panel.replaceChildren(...this.panelParts(node));
    else this.panel.replaceChildren();
  }

  panelParts(node) {
    const close = html("button", { type: "button", class: "vg-button vg-close", "aria-label": "Close details",
      onclick: () => { this.focusOn(node.key); this.select(node.key); } }, "×");
    const kind = node.kind === "op" ? `operation · ${node.op_kind || "other"}` : KIND_WORDS[node.kind];
    const rows = html("dl", { class: "vg-rows" });
    for (const [name, value] of node.detail || []) {
      rows.append(html("dt", {}, String(name)), html("dd", {}, String(value)));
    }
    const block = (title, text) => (text === null || text === undefined || text === ""
      ? [] : [html("h4", {}, title), html("pre", { tabindex: "0", "aria-label": title }, String(text))]);
    const ledger = node.ledger && node.ledger.length ? [html("h4", {}, "Ledger of .grad"),
      html("ol", { class: "vg-ledger" }, ...node.ledger.map((line) => html("li", {}, String(line))))] : [];
    const tags = tagsOf(node).map((tag) => html("span", { class: `vg-chip vg-tag-${toneOf(tag)}` }, tag));
    return [html("div", { class: "vg-panel-head" }, html("h3", {}, String(node.title)), close),
      html("p", { class: "vg-panel-kind" }, kind), ...(tags.length ? [html("p", { class: "vg-chips" }, ...tags)] : []),
      rows, ...block("Value", node.value), ...block("Gradient", node.grad), ...ledger];
  }
}

export default {
  render({ model, el }) {
    const view = new GraphView(model, el);
    return () => view.close();
  },
};
