// The controls of a playground: switches, sliders, choices and text, drawn from the list that viz/panel.py sends.
// At most one change is under way at a time: while Python is busy only the newest values wait, so a slider never lags.

import { html, runsCell, tellContrast } from "./dom.js";
import { initialize, whileGone } from "./kernel.js";

const PATIENCE_MS = 5000; // after this long without an answer the next change is sent anyway

const label = ({ name, hint }) => html("span", { class: "vc-name" }, name,
  ...(hint ? [" ", html("span", { class: "vc-hint" }, hint)] : []));
const spoken = ({ name, hint }) => (hint ? `${name}, ${hint}` : name);

/** Each maker returns the element of one control and a function that shows a value in it. */
const MAKERS = {
  switch(control, change) {
    const word = html("span", { class: "vc-word" });
    const track = html("span", { class: "vc-track", "aria-hidden": "true" }, html("span", { class: "vc-knob" }));
    const button = html("button", { type: "button", role: "switch", class: "vc-switch", "aria-label": spoken(control) },
      track, label(control), word);
    button.addEventListener("click", () => change(button.getAttribute("aria-checked") !== "true"));
    return [button, (on) => {
      button.setAttribute("aria-checked", String(on));
      word.textContent = on ? "on" : "off";
    }];
  },

  slider(control, change) {
    const bounds = { min: control.low, max: control.high, step: control.step };
    const range = html("input", { type: "range", "aria-label": spoken(control), ...bounds });
    const number = html("input", { type: "number", "aria-label": `${spoken(control)}, as a number`, ...bounds });
    const digits = (String(control.step).split(".")[1] || "").length;
    range.addEventListener("input", () => change(Number(range.value)));
    number.addEventListener("change", () => {
      const typed = Number(number.value);
      if (number.value !== "" && Number.isFinite(typed)) change(Math.min(control.high, Math.max(control.low, typed)));
      else number.value = Number(range.value).toFixed(digits); // an emptied box would hide where the slider stands
    });
    return [html("label", { class: "vc-slider" }, label(control), range, number), (value) => {
      range.value = value;
      number.value = Number(value).toFixed(Number.isInteger(value) && !digits ? 0 : digits);
    }];
  },

  choice(control, change) {
    const buttons = control.options.map((option) => {
      const button = html("button", { type: "button", role: "radio", class: "vc-option" }, String(option));
      button.addEventListener("click", () => change(option));
      return button;
    });
    const group = html("div", { class: "vc-choice", role: "radiogroup", "aria-label": spoken(control) }, ...buttons);
    group.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (buttons.indexOf(event.target) + step + buttons.length) % buttons.length;
      buttons[next].focus();
      change(control.options[next]);
    });
    return [html("div", { class: "vc-row" }, label(control), group), (value) => {
      buttons.forEach((button, i) => {
        const chosen = control.options[i] === value;
        button.setAttribute("aria-checked", String(chosen));
        button.setAttribute("tabindex", chosen ? "0" : "-1");
      });
    }];
  },

  text(control, change) {
    const input = html("input", { type: "text", "aria-label": spoken(control), spellcheck: "false" });
    input.addEventListener("input", () => change(input.value));
    return [html("label", { class: "vc-text" }, label(control), input), (value) => {
      if (input.value !== value) input.value = value;
    }];
  },

  number(control, change) {
    const input = html("input", { type: "number", step: "any", "aria-label": spoken(control) });
    input.addEventListener("change", () => {
      const typed = Number(input.value);
      if (input.value !== "" && Number.isFinite(typed)) change(typed);
    });
    return [html("label", { class: "vc-text" }, label(control), input), (value) => { input.value = value; }];
  },
};

/** Sends changed values and keeps only the newest while an answer is outstanding. */
class Sender {
  constructor(model) {
    this.model = model;
    this.waiting = null; // newest values not sent yet
    this.sentAt = 0;
  }

  get busy() {
    return this.model.get("done") < this.model.get("asked") && performance.now() - this.sentAt < PATIENCE_MS;
  }

  send(values) {
    this.waiting = values;
    this.flush();
  }

  flush() {
    if (!this.waiting || this.busy) return;
    this.model.set("values", this.waiting);
    this.model.set("asked", Math.max(this.model.get("asked"), this.model.get("done")) + 1);
    this.waiting = null;
    this.sentAt = performance.now();
    performance.clearMarks("viz:asked");
    performance.mark("viz:asked");
    this.model.save_changes();
  }
}

function render({ model, el }) {
  const sender = new Sender(model);
  const showers = {};
  const ownKeys = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab would take the arrow keys otherwise
  const root = html("div", { class: "vc", role: "group", "aria-label": "Controls", ...ownKeys });
  root.addEventListener("keydown", (event) => {
    if (!runsCell(event) && event.target.matches("input")) event.stopPropagation(); // arrows are for the slider
  });
  const latest = () => sender.waiting || model.get("values");
  const show = () => {
    for (const [name, value] of Object.entries(latest())) if (showers[name]) showers[name](value);
  };
  for (const control of model.get("controls")) {
    const [element, shower] = MAKERS[control.kind](control, (value) => {
      shower(value);
      sender.send({ ...latest(), [control.name]: value });
    });
    showers[control.name] = shower;
    root.append(element);
  }
  const size = () => { root.dataset.size = model.get("size"); };
  const answered = () => sender.flush();
  const listeners = { "change:values": show, "change:done": answered, "change:size": size };
  for (const [event, act] of Object.entries(listeners)) model.on(event, act);
  show();
  size();
  el.append(root);
  const stops = [whileGone(model, el, (words) => { root.inert = Boolean(words); }), tellContrast(root)];
  return () => {
    for (const stop of stops) stop();
    for (const [event, act] of Object.entries(listeners)) model.off(event, act);
    root.remove();
  };
}

export default { initialize, render };
