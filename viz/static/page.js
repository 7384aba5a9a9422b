// A page of its own: a view on a scene that stands in the page, with no kernel behind it. A run can be stepped through; at first
// all of it is done.

import { GraphView } from "./graph.js";
import { StepperView } from "./steps.js";

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

const run = JSON.parse(document.getElementById("scene").textContent);
const scenes = { forward: run.scene, ...run.turned };
const model = new Kept({ ...run, at: run.moments.length - 1, selected: "", size: "normal", note: run.scene.note || "", error: "",
  stale: false, direction: scenes.both ? "forward" : "" });
model.on("change:direction", () => model.set("scene", scenes[model.get("direction")]));
new (run.moments.length ? StepperView : GraphView)(model, document.getElementById("graph"));
document.addEventListener("keydown", (event) => { // the page has no other use for this key
  if (event.key !== "/" || event.target !== document.body) return;
  event.preventDefault();
  document.querySelector(".vg-field").focus();
});
