// The marks of a loop as two lines over its turns; one turn is chosen, and what holds its graphs hangs below as name tags.

import { count, fit, html, round, svg } from "./dom.js";
import { initialize, whileGone } from "./kernel.js";

const WIDTH = 720, LEFT = 76, RIGHT = 26, TOP = 30, HIGH = 130, GAP = 42, LOW = 50, BOTTOM = 26; // px
const TICKS = 10; // names of turns below the lines
const FONT = "12px system-ui, sans-serif";

class LifeView {
  constructor(model, el) {
    this.model = model;
    this.verdict = html("p", { class: "vg-summary", role: "status" });
    this.picture = svg("svg", { class: "vl-chart", viewBox: `0 0 ${WIDTH} ${TOP + HIGH + GAP + LOW + BOTTOM}`, role: "img" });
    this.picture.addEventListener("pointerdown", (event) => this.press(event));
    this.slider = html("input", { type: "range", min: 0, step: 1, class: "vl-slider", "aria-label": "Turn" });
    this.slider.addEventListener("input", () => this.choose(Number(this.slider.value)));
    this.words = html("p", { class: "vl-words", "aria-live": "polite" });
    this.tags = html("ul", { class: "vl-tags", "aria-label": "Names that hold nodes of earlier turns" });
    this.told = html("pre", { tabindex: "0", "aria-label": "The table" });
    this.root = html("section", { class: "vg vl", "aria-label": "Lifetime of graphs", "data-lm-suppress-shortcuts": "true" },
      html("header", { class: "vg-bar" }, this.verdict), html("div", { class: "vl-main" }, this.picture, this.slider,
        this.words, this.tags, html("details", {}, html("summary", {}, "All turns in words"), this.told)));
    el.append(this.root);
    const draw = () => this.draw(), point = () => this.point();
    model.on("change:life", draw);
    model.on("change:chosen", point);
    const forget = whileGone(model, el, (gone) => { this.slider.title = gone; });
    this.undo = [() => model.off("change:life", draw), () => model.off("change:chosen", point), forget];
    draw();
  }

  close() {
    for (const act of this.undo) act();
    this.root.remove();
  }

  // ---- the lines

  draw() {
    const { marks = [], verdict = "", rising = false, table = "" } = this.model.get("life") || {};
    this.marks = marks;
    this.verdict.textContent = verdict;
    this.root.classList.toggle("vl-rising", rising);
    this.told.textContent = table;
    this.slider.max = Math.max(0, marks.length - 1);
    this.slider.hidden = marks.length < 2;
    this.picture.toggleAttribute("hidden", !marks.length);
    this.picture.setAttribute("aria-label", verdict);
    this.cursor = svg("path", { class: "vl-cursor" });
    this.picture.replaceChildren(...(!marks.length ? [] : [
      ...this.part("live nodes", TOP, HIGH, marks.map((mark) => mark.nodes), String,
        ["vl-alive", "all"], ["vl-earlier", "of earlier turns", marks.map((mark) => mark.earlier)]),
      ...this.part("saved for backward", TOP + HIGH + GAP, LOW, marks.map((mark) => mark.nbytes),
        (most) => (marks.find((mark) => mark.nbytes === most) || { kept: "0" }).kept, ["vl-bytes", ""]),
      ...this.names(), this.cursor]));
    this.point();
  }

  x(place) {
    return this.marks.length > 1 ? LEFT + ((WIDTH - LEFT - RIGHT) * place) / (this.marks.length - 1) : WIDTH / 2;
  }

  part(name, top, height, numbers, told, ...lines) {
    const most = Math.max(1, ...numbers), low = top + height, y = (number) => round(low - (height * number) / most);
    const label = (x, at, text, end) => {
      const words = svg("text", { x, y: at, class: end ? "vl-end" : "" });
      words.textContent = text;
      return words;
    };
    const drawn = [svg("path", { class: "vl-grid", d: `M${LEFT} ${low}H${WIDTH - RIGHT}M${LEFT} ${top}H${WIDTH - RIGHT}` }),
      label(LEFT - 10, low + 4, "0", true), label(LEFT - 10, top + 4, fit(told(Math.max(0, ...numbers)), 62, FONT), true),
      label(LEFT, top - 9, name)];
    for (const [kind, , own = numbers] of lines) {
      if (kind === "vl-earlier" && !own.some(Boolean)) continue;
      const points = own.map((number, place) => `${round(this.x(place))} ${y(number)}`);
      const way = `M${points.join("L")}`;
      if (kind === "vl-earlier") {
        drawn.push(svg("path", { class: "vl-area", d: `${way}V${low}H${round(this.x(0))}Z` }));
        drawn.push(label(LEFT + 74, top - 9, "— all    - - of earlier turns"));
      }
      drawn.push(svg("path", { class: `vl-line ${kind}`, d: way }));
      if (own.length <= 60) {
        drawn.push(...own.map((number, place) =>
          svg("circle", { class: `vl-dot ${kind}`, cx: round(this.x(place)), cy: y(number), r: 3.4 })));
      }
    }
    return drawn;
  }

  names() {
    const every = Math.max(1, Math.ceil(this.marks.length / TICKS)), y = TOP + HIGH + GAP + LOW + 18;
    return this.marks.flatMap((mark, place) => {
      if (place % every) return [];
      const words = svg("text", { x: round(this.x(place)), y, class: "vl-middle" });
      words.textContent = fit(mark.name, 60, FONT);
      return [words];
    });
  }

  // ---- the chosen turn

  press(event) {
    const box = this.picture.getBoundingClientRect(), x = ((event.clientX - box.left) / box.width) * WIDTH;
    const step = (WIDTH - LEFT - RIGHT) / Math.max(1, this.marks.length - 1);
    this.choose(Math.min(this.marks.length - 1, Math.max(0, Math.round((x - LEFT) / step))));
    this.slider.focus();
  }

  choose(place) {
    this.model.set("chosen", place);
    this.model.save_changes();
    this.point();
  }

  point() {
    const last = this.marks.length - 1, chosen = this.model.get("chosen");
    const place = chosen < 0 || chosen > last ? last : chosen, mark = this.marks[place];
    this.tags.replaceChildren();
    this.words.textContent = "";
    if (!mark) return;
    this.slider.value = place;
    this.slider.setAttribute("aria-valuetext", `turn ${mark.name}`);
    const x = round(this.x(place));
    this.cursor.setAttribute("d", `M${x} ${TOP - 4}V${TOP + HIGH}M${x} ${TOP + HIGH + GAP - 4}V${TOP + HIGH + GAP + LOW}`);
    const held = mark.earlier ? `, ${mark.earlier} of earlier turns, held by` : mark.nodes ? ", all of this turn" : "";
    this.words.textContent = `Turn ${mark.name}: ${count(mark.nodes, "live node")}` +
      `${mark.nbytes ? `, ${mark.kept} saved` : ""}${held}`;
    this.tags.append(...mark.holders.map((words) => html("li", { class: "vl-tag" }, String(words))));
  }
}

const life = {
  initialize,
  render({ model, el }) {
    const view = new LifeView(model, el);
    return () => view.close();
  },
};
export default life;
