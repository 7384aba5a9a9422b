// A page of its own: the view of graph.js on a scene that stands in the page. There is no kernel behind it.

import graph from "./graph.js";

/** What the view asks of a widget's model: values by name, and to be told when one changes. */
class Kept {
  constructor(values) {
    this.values = values;
    this.told = new EventTarget();
  }

  get(name) { return this.values[name]; }

  set(name, value) {
    if (this.values[name] === value) return;
    this.values[name] = value;
    this.told.dispatchEvent(new Event(`change:${name}`));
  }

  on(event, act) { this.told.addEventListener(event, act); }

  off(event, act) { this.told.removeEventListener(event, act); }

  save_changes() {} // nobody else has to know
}

const scene = JSON.parse(document.getElementById("scene").textContent);
const model = new Kept({ scene, selected: "", size: "normal", note: scene.note || "", error: "", stale: false });
graph.render({ model, el: document.getElementById("graph") });
document.addEventListener("keydown", (event) => { // the page has no other use for this key
  if (event.key !== "/" || event.target !== document.body) return;
  event.preventDefault();
  document.querySelector(".vg-field").focus();
});
