// Choose a value, a way to overwrite it, and predict what comes of it; viz/oracles.py then does it and answers.

import { html } from "./dom.js";
import { GraphView } from "./graph.js";
import { initialize } from "./kernel.js";

const GUESSES = ["fine", "error", "silently wrong"];

export class OracleView extends GraphView {
  build() {
    super.build();
    this.values = html("select", { "aria-label": "The value to overwrite" });
    this.values.addEventListener("change", () => this.choose(this.values.value));
    this.ways = html("select", { "aria-label": "How it is overwritten" });
    this.ways.addEventListener("change", () => { this.model.set("way", this.ways.value); this.model.save_changes(); });
    this.guesses = GUESSES.map((guess, i) => html("button", { type: "button", class: "vg-button vo-guess",
      "aria-keyshortcuts": String(i + 1), onclick: () => this.predict(guess) }, html("kbd", {}, String(i + 1)), ` ${guess}`));
    this.score = html("span", { class: "vo-score" });
    this.answer = html("p", { class: "vo-answer", role: "status", "aria-live": "polite" });
    this.bar = html("div", { class: "vo-bar", role: "group", "aria-label": "Predict" },
      html("label", {}, "Between forward and backward, ", this.values), html("label", {}, "is overwritten by ", this.ways),
      html("span", { class: "vo-ask" }, "What does backward do?", html("span", { class: "vg-group" }, ...this.guesses)), this.score);
    this.caption.before(this.bar, this.answer);
    this.root.classList.add("vo");
  }

  listen() {
    super.listen();
    const acts = { values: () => this.controls(), way: () => this.controls(), selected: () => this.controls(),
      score: () => this.controls(), answer: () => this.tell(), tried: () => { this.draw(); this.controls(); } };
    for (const [trait, act] of Object.entries(acts)) {
      this.model.on(`change:${trait}`, act);
      this.undo.push(() => this.model.off(`change:${trait}`, act));
    }
    this.controls();
    this.tell();
  }

  /** The picture with what was found at each value as its tags. */
  current() {
    const scene = super.current(), tried = this.model.get("tried") || {};
    return { ...scene, nodes: (scene.nodes || []).map((node) => (
      tried[node.key] ? { ...node, badges: [...node.badges, ...tried[node.key]] } : node)) };
  }

  setWords() {
    super.setWords(null); // the answer says what has changed
  }

  /** The value that is chosen: of a flag that marks a result, the op that made it. */
  chosen() {
    const key = this.model.get("selected"), known = (this.model.get("values") || []).map(([value]) => value);
    const maker = (this.model.get("scene").edges || []).find((edge) => edge.to === key);
    return [key, key.startsWith("out:") && maker ? maker.from : null, this.last, known[0]].find((one) => known.includes(one));
  }

  choose(key) {
    this.model.set("selected", key);
    this.model.save_changes();
  }

  predict(guess) {
    this.model.set("guess", { key: this.chosen(), way: this.model.get("way"), guess,
      again: ((this.model.get("guess") || {}).again || 0) + 1 });
    this.model.save_changes();
  }

  key(event) {
    const guess = GUESSES[Number(event.key) - 1];
    if (!guess || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select")) return super.key(event);
    this.predict(guess);
    event.preventDefault();
    event.stopPropagation();
  }

  controls() {
    const fill = (select, pairs, value) => {
      if (select.childElementCount !== pairs.length) {
        select.replaceChildren(...pairs.map(([key, words]) => html("option", { value: key }, words)));
      } else pairs.forEach(([, words], i) => { select.children[i].textContent = words; });
      select.value = value;
    };
    this.last = this.chosen();
    for (const [key, { group }] of this.nodes) group.classList.toggle("vo-chosen", key === this.last);
    const name = ((this.model.get("values") || []).find(([key]) => key === this.last) || ["", "y"])[1].split(" ").pop();
    fill(this.values, this.model.get("values") || [], this.last);
    fill(this.ways, (this.model.get("ways") || []).map(([way, words]) => [way, words.replace("{}", name)]), this.model.get("way"));
    const [right, all] = this.model.get("score") || [0, 0];
    this.score.textContent = all ? `${right} of ${all} right` : "";
  }

  tell() {
    const { outcome, guess, right, code, reason } = this.model.get("answer") || {};
    const verdict = guess ? [html("b", { class: right ? "vo-right" : "vo-wrong" }, right ? "✓ Right." : "✗ Not so."), " "] : [];
    this.answer.replaceChildren(...(outcome ? [...verdict, html("code", {}, code), ": ", html("b", {}, outcome), `. ${reason}`] : [
      "Choose a value in the picture, say what you think, and it is done."]));
  }
}

const oracle = {
  initialize,
  render({ model, el }) {
    const view = new OracleView(model, el);
    return () => view.close();
  },
};
export default oracle;
