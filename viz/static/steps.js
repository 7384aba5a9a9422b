// A run one moment at a time, over the whole of its picture. What each moment adds is told by viz/moments.py; the picture
// after one of them is a sum over the list, so a step in either direction asks nobody.

import { count, html, round, svg } from "./dom.js";
import { GraphView } from "./graph.js";
import { initialize } from "./kernel.js";

const PACE_MS = 1400; // between two moments while it plays
const LINE_PX = 13; // from one line beside an arrow to the next
const START = [["next", "press Next →, or the arrow keys on the slider: one thing happens at a time"],
  ["play", "all of it, one thing after the other"]];
const PHASES = { given: "given", forward: "forward", backward: "backward", grad: "gradient" };

/** Everything that is so after moment `at`. */
function sumUp(moments, at) {
  const sum = { nodes: new Set(), edges: new Set(), flows: new Map(), tags: {}, grads: {}, ledger: {}, details: {}, under: {} };
  for (const moment of moments.slice(0, at + 1)) {
    for (const key of moment.nodes) sum.nodes.add(key);
    for (const key of moment.edges) sum.edges.add(key);
    if (moment.again) sum.flows.clear();
    for (const [key, words] of Object.entries(moment.flows)) sum.flows.set(key, words);
    for (const name of ["tags", "grads", "ledger", "details", "under"]) Object.assign(sum[name], moment[name]);
  }
  return sum;
}

/** The scene as it is then: what the details, the tags and the spoken words say is what is so at that moment. */
function sceneAt(scene, sum) {
  const then = (node) => {
    const grad = sum.grads[node.key] || null, pictures = node.pictures || {};
    return { ...node, badges: sum.tags[node.key] || [], grad, ledger: sum.ledger[node.key] || [],
      value: sum.nodes.has(node.key) ? node.value : null,
      subtitle: sum.nodes.has(node.key) ? node.subtitle : node.subtitle.replace(/= .*/, "= ?"), // nobody knows it yet
      pictures: { Value: pictures.Value, Gradient: grad === node.grad ? pictures.Gradient : null } };
  };
  const boxThen = (node) => ({ ...node, badges: sum.tags[node.key] || [], detail: sum.details[node.key] || node.detail,
    subtitle: sum.under[node.key] ?? node.subtitle });
  return { ...scene, nodes: scene.nodes.map((node) => (node.kind === "box" ? boxThen(node) : then(node))),
    edges: scene.edges.map((edge) => ({ ...edge, flows: sum.flows.has(edge.key) })) };
}

export class StepperView extends GraphView {
  get moments() { return this.model.get("moments") || []; }

  get at() { return Math.max(0, Math.min(this.moments.length - 1, this.model.get("at") || 0)); }

  build() {
    super.build();
    const button = (text, label, act) =>
      html("button", { type: "button", class: "vg-button", "aria-label": label, title: label, onclick: act }, text);
    this.first = button("⇤", "To the start", () => this.go(0));
    this.back = button("← Back", "One moment back", () => this.go(this.at - 1));
    this.playing = button("Play", "Play", () => this.play(!this.timer));
    this.next = button("Next →", "One moment on", () => this.go(this.at + 1));
    this.last = button("⇥", "To the end", () => this.go(this.moments.length - 1));
    this.slider = html("input", { type: "range", min: 0, max: 0, step: 1, "aria-label": "Moment of the run" });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.track = html("div", { class: "vs-track", "aria-hidden": "true" });
    this.where = html("p", { class: "vs-where" });
    this.bar = html("div", { class: "vs-bar", role: "group", "aria-label": "Step through the run" },
      html("span", { class: "vg-group" }, this.first, this.back, this.playing, this.next, this.last),
      html("div", { class: "vs-way" }, this.slider, this.track), this.where);
    this.bar.addEventListener("keydown", (event) => this.barKey(event));
    this.code = html("div", { class: "vs-code", role: "region", tabindex: "0", "aria-label": "The code, with the line of this moment" });
    this.facts = html("dl", { class: "vg-rows vs-facts", "aria-label": "What happens at this moment" });
    this.caption.before(this.bar);
    this.caption.after(html("div", { class: "vs-beside" }, this.code, this.facts));
    this.root.classList.add("vs");
  }

  listen() {
    super.listen();
    const redraw = () => this.draw();
    for (const event of ["change:at", "change:moments"]) {
      this.model.on(event, redraw);
      this.undo.push(() => this.model.off(event, redraw));
    }
    this.undo.push(() => this.play(false));
  }

  // ---- stepping

  go(at) {
    at = Math.max(0, Math.min(this.moments.length - 1, at));
    if (at === this.at) return;
    this.model.set("at", at);
    this.model.save_changes();
  }

  play(on) {
    clearInterval(this.timer);
    this.timer = on ? setInterval(() => this.tick(), PACE_MS) : 0;
    if (on) this.go(this.at === this.moments.length - 1 ? 0 : this.at + 1);
    this.playing.textContent = on ? "Pause" : "Play";
    for (const name of ["aria-label", "title"]) this.playing.setAttribute(name, on ? "Pause" : "Play");
  }

  tick() {
    if (!this.root.isConnected || this.at >= this.moments.length - 1) this.play(false);
    else this.go(this.at + 1);
  }

  barKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const steps = { ArrowRight: this.at + 1, ArrowUp: this.at + 1, ArrowLeft: this.at - 1, ArrowDown: this.at - 1,
      Home: 0, End: this.moments.length - 1 };
    if (event.key in steps) this.go(steps[event.key]);
    else if (event.key === " " && event.target === this.slider) this.play(!this.timer);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Page up and down, which a presenter's remote sends, step from anywhere in the view. */
  key(event) {
    const way = { PageDown: 1, PageUp: -1 }[event.key];
    if (!way || event.target.closest("pre")) return super.key(event);
    this.go(this.at + way);
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- drawing

  current() {
    const scene = super.current();
    const turned = !["", "forward", undefined].includes(this.model.get("direction")); // steps are told of the forward picture
    this.sum = this.moments.length && (scene.nodes || []).length && !turned ? sumUp(this.moments, this.at) : null;
    return this.sum ? sceneAt(scene, this.sum) : scene;
  }

  draw() {
    super.draw();
    this.bar.hidden = this.code.parentNode.hidden = !this.sum;
    if (!this.sum) {
      for (const { label } of this.edges.values()) label.classList.remove("vs-later");
      return;
    }
    const moment = this.moments[this.at], { nodes, edges, flows } = this.sum;
    for (const [key, { group }] of this.nodes) {
      group.classList.toggle("vs-later", !nodes.has(key));
      group.classList.toggle("vs-now", key === moment.now);
      if (key === moment.now) group.dataset.phase = moment.what;
    }
    for (const [key, { edge, group, label }] of this.edges) {
      for (const part of [group, label]) part.classList.toggle("vs-later", !edges.has(key));
      group.classList.toggle("vs-now", moment.edges.includes(key));
      group.classList.toggle("vs-sends", key in moment.flows);
      this.beside(label, edge, flows.get(key) || [], key in moment.flows);
    }
    this.drawBar(moment);
    this.drawBeside(moment);
    this.reveal(moment.now);
  }

  /** What came back along an edge, where room is kept for it beside the arrow. */
  beside(label, { lx, ly, rx, ry, room = [] }, lines, lit) {
    label.append(...lines.map((words, i) => {
      const line = svg("text", { class: lit ? "vs-sent vs-lit" : "vs-sent", x: round(rx - lx),
        y: round(ry - ly + 4.2 + (i - (room.length - 1) / 2) * LINE_PX) });
      line.textContent = words;
      return line;
    }));
  }

  setWords() {
    super.setWords(null);
    if (!this.sum) return;
    this.caption.textContent = this.moments[this.at].words;
    this.caption.classList.add("vg-same");
  }

  drawBar(moment) {
    const end = this.moments.length - 1;
    const told = `${this.at} of ${end}`;
    Object.assign(this.slider, { max: end, value: this.at });
    this.slider.setAttribute("aria-valuetext", `${told}: ${moment.words}`.slice(0, 200));
    if (this.track.children.length !== end + 1) {
      this.track.replaceChildren(...this.moments.map(() => html("i")));
    }
    this.moments.forEach(({ what }, i) => {
      this.track.children[i].className = `vs-${what}` + (i <= this.at ? " vs-past" : "") + (i === this.at ? " vs-here" : "");
    });
    this.where.replaceChildren(html("b", { class: `vs-phase vs-${moment.what}` }, PHASES[moment.what]), ` ${told}`,
      html("span", { class: "vs-kept" }, ` · kept for backward: ${count(moment.kept, "byte")}`));
    this.first.disabled = this.back.disabled = this.at === 0;
    this.next.disabled = this.last.disabled = this.at === end;
  }

  drawBeside({ rows, line, called, what }) {
    const told = what === "given" ? START : rows;
    this.facts.replaceChildren(...told.flatMap(([name, words]) => [html("dt", {}, name), html("dd", {}, words)]));
    const lit = line || called, back = what === "backward" ? called : null, code = this.model.get("code") || [];
    const script = what === "given" ? 0 : lit && lit[0]; // before anything has run, the code with no line lit
    const [first, lines] = code[script ?? -1] || [0, []];
    const shown = lines.length ? lines.map((text, i) => [first + i, text]) : [lit, back].filter(Boolean).map(([, ...l]) => l);
    const at = (place, number) => place && (!lines.length || place[0] === lit[0]) && place[1] === number;
    this.code.replaceChildren(...shown.map(([number, text]) => {
      const now = at(lit, number), call = !now && at(back, number);
      return html("div", { class: now ? "vs-line vs-lit" : call ? "vs-line vs-call" : "vs-line", "aria-current": now ? "true" : null },
        html("span", { class: "vs-number" }, `${now ? "▶ " : call ? "◁ " : ""}${number}`), html("code", {}, text || " "));
    }));
    const here = this.code.querySelector(".vs-lit");
    if (here) this.code.scrollTop = here.offsetTop - this.code.clientHeight / 2;
  }
}

const steps = {
  initialize,
  render({ model, el }) {
    const view = new StepperView(model, el);
    return () => view.close();
  },
};
export default steps;
