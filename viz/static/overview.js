// All of a picture in small, below a stage that does not show all of it: where one is, and a way to go elsewhere.

import { html, round, svg } from "./dom.js";

const HIGHEST = 56, LEAST = 24; // px

/** A strip with the boxes of the scene and a frame around what is seen. The keyboard moves along the boxes themselves. */
export class Overview {
  constructor(stage) {
    this.stage = stage;
    this.seen = svg("rect", { class: "vg-seen", rx: 3 });
    this.boxes = svg("g", {});
    this.picture = svg("svg", { class: "vg-small", preserveAspectRatio: "xMidYMid meet" }, this.boxes, this.seen);
    this.element = html("div", { class: "vg-overview", hidden: "", "aria-hidden": "true",
      title: "All of the graph. Press or drag to go there" }, this.picture);
    this.picture.addEventListener("pointerdown", (event) => this.press(event));
  }

  /** The boxes of a new scene. */
  draw({ nodes, edges, width, height }) {
    this.size = { w: width, h: height };
    const at = new Map(nodes.map((node) => [node.key, node]));
    const lines = edges.map(({ from, to }) => [at.get(from), at.get(to)]).filter(([a, b]) => a && b)
      .map(([a, b]) => `M${round(a.x)} ${round(a.y)}L${round(b.x)} ${round(b.y)}`).join("");
    this.boxes.replaceChildren(svg("path", { class: "vg-small-edge", d: lines }), ...nodes.map((node) =>
      svg("rect", { class: `vg-small-node vg-op-${node.op_kind || "none"} vg-small-${node.kind}`,
        x: round(node.x - node.w / 2), y: round(node.y - node.h / 2), width: round(node.w), height: round(node.h), rx: 6 })));
    this.picture.setAttribute("viewBox", `0 0 ${round(Math.max(1, width))} ${round(Math.max(1, height))}`);
  }

  /** Show it where there is more to see, and frame what is seen. */
  follow() {
    const { element, page: { scale } } = this.stage, { w, h } = this.size || { w: 0, h: 0 };
    const more = element.scrollWidth > element.clientWidth + 2 || element.scrollHeight > element.clientHeight + 2;
    this.element.hidden = !more || !w;
    if (this.element.hidden) return;
    const high = Math.max(LEAST, Math.min(HIGHEST, (h * element.clientWidth) / w));
    this.picture.style.height = `${round(high)}px`;
    const x = element.scrollLeft / scale, y = element.scrollTop / scale;
    const place = { x, y, width: Math.min(w - x, element.clientWidth / scale), height: Math.min(h - y, element.clientHeight / scale) };
    for (const [name, value] of Object.entries(place)) this.seen.setAttribute(name, round(Math.max(0, value)));
  }

  press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const go = ({ clientX, clientY }) => {
      const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.picture.getScreenCTM().inverse());
      const { element, page: { scale } } = this.stage;
      element.scrollTo(x * scale - element.clientWidth / 2, y * scale - element.clientHeight / 2);
    };
    const end = () => this.picture.removeEventListener("pointermove", go);
    this.picture.setPointerCapture(event.pointerId);
    this.picture.addEventListener("pointermove", go);
    for (const name of ["pointerup", "pointercancel"]) this.picture.addEventListener(name, end, { once: true });
    go(event);
  }
}
