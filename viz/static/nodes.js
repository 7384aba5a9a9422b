// One node and one edge: their shapes, their words, and what a screen reader says of them.

import { fit, html, round, svg, textWidth } from "./dom.js";
import { drawBracket, drawStop, placeStop } from "./boundary.js";
import { drawRows, rowsHeight } from "./direction.js";
import { drawStack } from "./fold.js";
import { drawLens } from "./lens.js";
import { drawMark, markClass } from "./marks.js";
import { forwardPaths, haloPath, returnPaths } from "./curves.js";

const KIND_WORDS = {
  leaf: "leaf requiring grad", parameter: "parameter", input: "input", op: "operation", output: "result",
  box: "folded", escape: "left for Python", ghost: "arm that was not taken",
};
const kindOf = (node) => node.called || KIND_WORDS[node.kind];
const LINE = 13 / 12; // from one line of a label to the next in its own size, as in viz/picture.py
const FONT = "system-ui, sans-serif"; // for measuring only; the sheet sets the real one

/** Short tags of a node; on an op the arrow that comes back already says "grad". */
function tagsOf(node) {
  return (node.badges || []).map(String).filter((tag) => node.kind !== "op" || tag !== "grad");
}

function toneOf(tag) {
  if (/^no optimizer|^no grad(ient)?( on \d+)?$|^grad is nan/.test(tag)) return "warn";
  if (/^grad/.test(tag)) return "grad";
  const own = /^(waits|ready|keeps|freed|fine|error|wrong)\b/.exec(tag);
  if (own) return own[1];
  if (/^zero/.test(tag)) return "zero";
  return /^(cut|no_grad|needs no grad|detach)/.test(tag) ? "cut" : "plain";
}

function outlineOf(node, grow = 0, tag = "rect", extra = {}) {
  const w = node.w + 2 * grow, h = node.h + 2 * grow;
  if (node.kind === "escape" && !grow) return drawBracket(node, extra);
  if (node.kind === "output") { // a flag that points out of the graph
    const nose = Math.min(12, h / 3);
    const d = `M${-w / 2 + 5} ${-h / 2}H${w / 2 - nose}L${w / 2} 0L${w / 2 - nose} ${h / 2}H${-w / 2 + 5}` +
      `Q${-w / 2} ${h / 2} ${-w / 2} ${h / 2 - 5}V${-h / 2 + 5}Q${-w / 2} ${-h / 2} ${-w / 2 + 5} ${-h / 2}Z`;
    return svg("path", { d, ...extra });
  }
  const r = ["op", "box", "ghost", "escape"].includes(node.kind) ? 6 + grow : h / 2;
  return svg(tag, { x: -w / 2, y: -h / 2, width: w, height: h, rx: r, ...extra });
}

export function drawNode(node) {
  const shape = outlineOf(node, 0, "rect", { class: "vg-shape" }), box = node.kind === "box";
  const parts = [outlineOf(node, 4, "rect", { class: "vg-ring" }), ...(box ? drawStack(node, shape) : [shape])];
  if (node.kind === "parameter") parts.push(outlineOf(node, -3.5, "rect", { class: "vg-inner" }));
  const x = box ? -9 : 0, room = node.w - (box ? 30 : 12); // clear of the plus
  const up = rowsHeight(node) / 2;
  const title = svg("text", { class: "vg-name", x, y: (node.subtitle ? -2.5 : 4.5) - up });
  title.textContent = fit(node.title, room, `600 13px ${FONT}`);
  parts.push(title);
  if (node.subtitle) {
    const subtitle = svg("text", { class: "vg-sub", x, y: 12.5 - up });
    subtitle.textContent = fit(node.subtitle, room, `11px ${FONT}`);
    parts.push(subtitle);
  }
  return [...parts, ...(node.pins ? [drawPin(node)] : []), ...drawRows(node, `11px ${FONT}`), ...drawTags(node), ...drawMark(node)];
}

/** A pin through the upper right of a leaf: an optimizer holds it. */
function drawPin(node) {
  const title = svg("title");
  title.textContent = node.pins;
  return svg("g", { class: "vg-pin", transform: `translate(${round(node.w / 2 - 24)} ${round(-node.h / 2 - 1)})` }, title,
    svg("path", { d: "M0 3V11" }), svg("circle", { r: 4.4 }));
}

function drawTags(node) {
  const parts = [];
  let row = [], y = node.h / 2 + 5, rowWidth = 0;
  const flush = () => {
    let x = -rowWidth / 2;
    for (const [tag, w] of row) {
      const label = svg("text", { x: x + w / 2, y: y + 3.4 });
      label.textContent = fit(tag, 150, `10px ${FONT}`);
      const mark = tag === tagsOf(node)[0] ? markClass(node) : ""; // the first one says it in words
      parts.push(svg("g", { class: `vg-tag vg-tag-${toneOf(tag)}${mark}` },
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

export function nodeClass(node) {
  const kind = `vg-node vg-kind-${node.kind} vg-op-${node.op_kind || "none"}`;
  const lost = node.reason === "lost" ? " vg-absent" : "";
  return (node.recorded ? kind : `${kind} vg-unrecorded${lost}`) + markClass(node);
}

export function spoken(node, edges) {
  const what = node.kind === "op" ? `operation${node.op_kind ? ", " + node.op_kind : ""}` : kindOf(node);
  const right = edges.filter((e) => e.to === node.key), left = edges.filter((e) => e.from === node.key);
  const turned = [...left, ...right].some((e) => e.turned);
  const [from, to] = turned ? [left.length, right.length] : [right.length, left.length];
  const tags = tagsOf(node), why = tags.join().includes(node.reason) ? "" : node.reason;
  const unrecorded = node.kind === "op" && !node.recorded ? ["not recorded", why] : [];
  const kept = (node.rows || []).map(([words, gone]) => `${gone ? "freed" : "keeps"} ${words}`);
  if (node.reason === "did not run") unrecorded.splice(0, 2, node.reason);
  return [node.title, what, node.subtitle, ...unrecorded, node.pins, ...tags, ...kept,
    from ? `${from} in` : "", to ? `${to} out` : ""].filter(Boolean).join(", ").slice(0, 400);
}

export function newEdge() {
  const parts = {};
  for (const name of ["halo", "line", "head", "back", "backHead"]) {
    parts[name] = svg("path", { class: `vg-edge-${name}` });
  }
  parts.stop = svg("g", { class: "vg-stop" });
  return { parts, group: svg("g", { class: "vg-edge" }, ...Object.values(parts)), label: svg("g", { class: "vg-edge-label" }) };
}

/** The words of an edge: the name of the argument where that matters, and the shape below it. */
export function labelEdge(label, edge) {
  const lines = [edge.argument, edge.label].filter(Boolean);
  label.replaceChildren(...lines.map((words, i) => {
    const line = svg("text", { y: `${(0.35 + (i - (lines.length - 1) / 2) * LINE).toFixed(3)}em` });
    line.textContent = fit(words, 160, `12px ${FONT}`);
    return line;
  }));
}

export function edgeClass(edge) {
  return edgeWay(edge) + markClass(edge);
}

function edgeWay(edge) {
  if (edge.turned && edge.flows) return "vg-edge vg-turned";
  if (edge.broken) return "vg-edge vg-unrecorded vg-broken";
  if (!edge.recorded) return `vg-edge vg-unrecorded${edge.stop ? " vg-stopped" : ""}`;
  return edge.tracks === false ? "vg-edge vg-untracked" : "vg-edge";
}

export function placeEdge(parts, points, { flows, stop, turned }) {
  const [line, arrow] = forwardPaths(points);
  parts.halo.setAttribute("d", haloPath(points));
  parts.line.setAttribute("d", line);
  parts.head.setAttribute("d", arrow);
  const [back, backHead] = flows && !turned ? returnPaths(points) : ["", ""];
  parts.back.setAttribute("d", back);
  parts.backHead.setAttribute("d", backHead);
  if (parts.stop.dataset.stop !== (stop || "")) {
    parts.stop.dataset.stop = stop || "";
    parts.stop.replaceChildren(...drawStop(stop));
  }
  if (stop) placeStop(parts.stop, points, stop, turned);
}

/** The node that an arrow key leads to: along an edge to the side, by place up and down. */
export function neighbour({ nodes, edges }, key, pressed) {
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

/** The elements that tell everything about one node. */
export function detailsOf(node, onclose, buttons = []) {
  const close = html("button", { type: "button", class: "vg-button vg-close", "aria-label": "Close details",
    onclick: onclose }, "×");
  const kind = node.kind === "op" ? `operation · ${node.op_kind || "other"}` : kindOf(node);
  const rows = html("dl", { class: "vg-rows" });
  for (const [name, value] of node.detail || []) {
    rows.append(html("dt", {}, String(name)), html("dd", {}, String(value)));
  }
  const block = (title, text) => (text === null || text === undefined || text === ""
    ? [] : [html("h4", {}, title), ...drawLens(node.pictures?.[title]), html("pre", { tabindex: "0", "aria-label": title }, String(text))]);
  const ledger = node.ledger && node.ledger.length ? [html("h4", {}, "Ledger"),
    html("ol", { class: "vg-ledger" }, ...node.ledger.map((line) => html("li", {}, String(line))))] : [];
  const tags = tagsOf(node).map((tag) => html("span", { class: `vg-chip vg-tag-${toneOf(tag)}` }, tag));
  return [html("div", { class: "vg-panel-head" }, html("h3", {}, String(node.title)), close),
    html("p", { class: "vg-panel-kind" }, kind), ...(tags.length ? [html("p", { class: "vg-chips" }, ...tags)] : []),
    ...buttons, ...block("Value", node.value), ...block("Gradient", node.grad), rows, ...ledger];
}
