// What changed, in words; and the key to the picture.

import { count, html, svg } from "./dom.js";
import { isMarked, LEGEND_MARKS } from "./marks.js";
import { straight } from "./curves.js";
import { drawNode, edgeClass, labelEdge, newEdge, nodeClass, placeEdge } from "./nodes.js";

const isIdle = (node) => node.reason === "did not run"; // in an arm of a captured graph that was not taken

// ---------------------------------------------------------------- what changed, in words

/** One sentence on what differs between two scenes; the eye gets it as a caption, a screen reader as a live line. */
export function describe(before, after) {
  const old = new Map(before.nodes.map((node) => [node.key, node]));
  const now = new Map(after.nodes.map((node) => [node.key, node]));
  const kept = after.nodes.filter((node) => old.has(node.key));
  const named = (nodes) => (nodes.length <= 3 ? `: ${nodes.map((n) => String(n.title).slice(0, 24)).join(", ")}` : "");
  const parts = [];
  const halves = (scene) => [scene.edges.some((e) => e.turned), Boolean((scene.heads || []).length)].join();
  if (after.digest === before.digest && halves(before) !== halves(after)) return "same graph, shown in another direction";
  const opened = before.nodes.find((n) => n.kind === "box" && !now.has(n.key));
  const shut = after.nodes.find((n) => n.kind === "box" && !old.has(n.key));
  if (after.digest === before.digest && (opened || shut)) {
    const inside = (nodes, key) => nodes.some((n) => (n.around || []).includes(key));
    if (opened && inside(after.nodes, opened.key)) return `unfolded: ${opened.title}`;
    if (shut && inside(before.nodes, shut.key)) return `folded: ${shut.title}`;
    return "folded another way";
  }
  const add = (nodes, words) => nodes.length && parts.push(words(nodes.length) + named(nodes));
  const ops = kept.filter((node) => node.kind === "op");
  const less = ops.filter((n) => !n.recorded && old.get(n.key).recorded);
  const more = ops.filter((n) => n.recorded && !old.get(n.key).recorded);
  add(less.filter(isIdle), (n) => `${count(n, "op does", "ops do")} not run any more`);
  add(more.filter((n) => isIdle(old.get(n.key))), (n) => `${count(n, "op runs", "ops run")} now`);
  add(less.filter((n) => !isIdle(n)), (n) => `${count(n, "op is", "ops are")} no longer recorded`);
  add(more.filter((n) => !isIdle(old.get(n.key))), (n) => `${count(n, "op is", "ops are")} recorded now`);
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

const tagged = (node, start) => (node.badges || []).some((tag) => tag.startsWith(start));
// Each sign: whether a part of the picture has it, what it says, and one that has it.
const LEGEND = [
  [(n) => n.kind === "leaf", "Rounded: a leaf requiring grad, a tensor you made with requires_grad=True", { kind: "leaf", title: "x" }],
  [(n) => n.kind === "parameter", "Double border: a parameter of a module, a leaf that an optimizer changes", { kind: "parameter", title: "w" }],
  [(n) => n.kind === "input", "Rounded, thin and hollow: an input. It asks for no gradient (PyTorch calls it a leaf as well)",
    { kind: "input", title: "data" }],
  [(n) => n.kind === "op" && n.recorded, "Box: one operation that ran. The tint tells its kind", { kind: "op", op_kind: "elementwise", title: "mul" }],
  [(n) => n.kind === "box", "Stack with a plus: folded. It stands for all ops inside; press it to open it",
    { kind: "box", title: "net", w: 64 }],
  [(n) => n.kind === "op" && isIdle(n), "Dashed and hollow, of a captured graph: it did not run",
    { kind: "op", op_kind: "elementwise", title: "mul", recorded: false }],
  [(n) => n.kind === "op" && !n.recorded && !isIdle(n), "Dashed and hollow: it ran but was not recorded. Where that begins, a tag says why",
    { kind: "op", op_kind: "elementwise", title: "mul", recorded: false, badges: ["no_grad"] }],
  [(n) => n.kind === "output", "Flag: a result that nothing here used again", { kind: "output", title: "y" }],
  [(n) => n.kind === "escape", "Open to the right: the value left for Python, by item(), numpy(), an if. No gradient follows it there",
    { kind: "escape", title: "item()", recorded: false }],
  [(n) => n.kind === "ghost", "Dashed box: the arm of an if that was not taken, with the parameters it would have used",
    { kind: "ghost", title: "else: …", recorded: false }],
  [(n) => n.op_kind === "control", "Captured graph: if, choose, pass, loop, carry and next say which way values go. A frame struck out did not run",
    { kind: "op", op_kind: "control", title: "choose" }],
  [(n) => (n.rows || []).length, "Backward view: what the node keeps, with bytes and version (v1: it was changed once); struck out once freed",
    { kind: "op", op_kind: "elementwise", title: "MulBackward0", w: 94, h: 44, rows: [["x (3,) 12 B v0", true]] }],
  [(n) => tagged(n, "no gradient"), "“no gradient”: nothing came back to this leaf",
    { kind: "parameter", title: "b", badges: ["no gradient"] }],
  [(n) => n.kind !== "op" && tagged(n, "grad"), "“grad”: backward left a gradient here, added up if it came more than once",
    { kind: "parameter", title: "w", badges: ["grad"] }],
  [(n) => n.pins || tagged(n, "no optimizer"), "Pin: an optimizer holds this leaf and will change it. “no optimizer”: gradients come, but none will",
    { kind: "parameter", title: "w", pins: "held by SGD" }],
];
const LEGEND_EDGES = [
  [(e) => e.recorded && e.tracks !== false && !e.stop, "A value moves along; its shape stands on the edge", { recorded: true, flows: false, label: "(3, 4)" }],
  [(e) => e.flows, "Second arrow, the other way: a gradient came back", { recorded: true, flows: true, label: "(3, 4)" }],
  [(e) => e.recorded && e.tracks === false && !e.stop, "Thin and pale: nothing here asks for a gradient", { recorded: true, tracks: false, label: "(3, 4)" }],
  [(e) => e.idle && !e.broken, "Dashed, of a captured graph: nothing came this way", { recorded: false, label: "(3, 4)" }],
  [(e) => e.idle && e.broken, "Dotted, of a captured graph: the way into an arm that was not taken", { recorded: false, broken: true }],
  [(e) => !e.recorded && !e.broken && !e.stop && !e.idle, "Dashed: not recorded, so no gradient can come back", { recorded: false, flows: false, label: "(3, 4)" }],
  [(e) => e.stop === "cut" || e.stop === "off", "Two bars: a gradient stops here and leaves None. A cut, no_grad, or the door to Python",
    { recorded: false, stop: "cut" }],
  [(e) => e.stop === "frozen", "Two bars at a frozen parameter: it takes no gradient, the rest of the op does",
    { recorded: true, tracks: false, stop: "frozen" }],
  [(e) => e.stop === "zero", "A 0: the gradient goes on, and it is zero (rounding, a clip). Not the same as None", { recorded: true, flows: true, stop: "zero" }],
  [(e) => e.broken && !e.idle, "Dotted: only numbers came this way, through Python", { recorded: false, broken: true }],
];
const OP_KINDS = ["elementwise", "activation", "reduce", "matmul", "shape", "index", "loss", "copy"];

function sample(...content) {
  return svg("svg", { viewBox: "-50 -22 100 48", width: 100, height: 48, "aria-hidden": "true" }, ...content);
}

function nodeSign([, words, node]) {
  const full = { recorded: true, badges: [], w: 58, h: 30, ...node };
  return html("li", {}, sample(svg("g", { class: nodeClass(full) }, ...drawNode(full))), html("span", {}, words));
}

function edgeSign([, words, edge]) {
  const { parts, group, label } = newEdge();
  placeEdge(parts, [[-38, 4], ...straight([-38, 4], [38, 4])], edge);
  group.setAttribute("class", edgeClass(edge));
  labelEdge(label, edge);
  label.setAttribute("transform", "translate(0 -6)");
  return html("li", {}, sample(group, label), html("span", {}, words));
}

/** The key to a picture, as long as somebody looks at it. */
export function drawKey(legend, scene) {
  const open = legend.querySelector("details")?.open;
  legend.replaceChildren(...(legend.hidden ? [] : legendParts(scene)));
  if (open && !legend.hidden) legend.querySelector("details").open = true;
}

/** First the signs that are in this picture; the others are a press away. */
function legendParts({ nodes, edges }) {
  const here = { true: [], false: [] };
  const sort = (rows, things, draw) => {
    for (const row of rows) here[things.some((thing) => row[0](thing))].push(draw(row));
  };
  const marked = nodes.some(isMarked), kinds = new Set(nodes.map((node) => node.op_kind));
  sort(marked ? LEGEND_MARKS.map(([words, node]) => [(n) => n.mark === node.mark, words, node]) : [], nodes, nodeSign);
  sort(LEGEND, nodes, nodeSign);
  const idle = nodes.some(isIdle); // then nothing else is dashed
  sort(LEGEND_EDGES, edges.map((edge) => ({ ...edge, idle: idle && !edge.recorded })), edgeSign);
  const tints = OP_KINDS.filter((kind) => kinds.has(kind)).map((kind) => html("span", { class: `vg-tint vg-op-${kind}` }, kind));
  return [html("ul", { class: "vg-key" }, ...here.true),
    ...(tints.length ? [html("p", { class: "vg-tints" }, html("span", {}, "Kinds of operation:"), ...tints)] : []),
    html("p", { class: "vg-hint" },
      "Click a node, or reach the graph with Tab, follow edges with the arrow keys and press Enter for value and " +
      "gradient. On a folded box Enter opens it, and Space tells what is inside. " + (marked ? "N and P go to the next and the previous " +
      "difference. " : "") + "Ctrl and the wheel, or + − 0, zoom; drag to move."),
    html("details", { class: "vg-others" }, html("summary", {}, `Signs that are not in this picture (${here.false.length})`),
      html("ul", { class: "vg-key" }, ...here.false))];
}
