// The whole screen for the picture, and stronger contrast: for the picture alone, or for all of the panel around it.

import { html, tellContrast } from "./dom.js";
import { face } from "./icons.js";

const AROUND = ".vg-around"; // the box of a panel: its controls and its code come along

/** The two buttons. `root`: what the view has drawn; `changed(full)` is called when the room has become another one. */
export class Screen {
  constructor(root, changed) {
    Object.assign(this, { root, changed });
    const button = (text, label, onclick) => html("button", { type: "button", class: "vg-button", title: label,
      "aria-label": label, "aria-pressed": "false", onclick }, text);
    this.full = face(button("", "Full screen", () => this.toggle()), "full", "Full screen");
    this.contrast = button("◐", "High contrast", () => this.strengthen());
    this.buttons = [this.contrast, this.full];
    this.told = () => this.update();
    document.addEventListener("fullscreenchange", this.told);
    this.stop = tellContrast(root, () => this.contrastShown());
  }

  close() {
    document.removeEventListener("fullscreenchange", this.told);
    this.stop();
  }

  get part() {
    return this.root.closest(AROUND) || this.root;
  }

  get isFull() {
    return document.fullscreenElement === this.part || this.part.matches(":popover-open");
  }

  /** Where the browser refuses the screen (a frame that is not allowed to), the part fills the page instead. */
  async toggle() {
    const part = this.part;
    if (this.isFull) await this.leave();
    else {
      try {
        await part.requestFullscreen();
      } catch {
        part.popover = "manual";
        part.showPopover();
      }
    }
    this.update();
  }

  async leave() {
    const part = this.part;
    if (document.fullscreenElement === part) await document.exitFullscreen();
    if (part.popover) {
      part.hidePopover();
      part.popover = null;
    }
    this.update();
  }

  update() {
    const full = this.isFull, words = full ? "Leave full screen" : "Full screen";
    if (this.part.classList.contains("vg-full") === full) return;
    this.part.classList.toggle("vg-full", full);
    face(this.full, full ? "leave" : "full", words);
    for (const name of ["aria-label", "title"]) this.full.setAttribute(name, words);
    this.full.setAttribute("aria-pressed", String(full));
    this.changed(full);
  }

  strengthen() {
    const more = this.root.dataset.contrast !== "more";
    for (const part of [this.root, ...this.part.querySelectorAll(".vg, .vc, .vk")]) part.dataset.contrast = more ? "more" : "";
    this.contrastShown();
  }

  contrastShown() {
    this.contrast.setAttribute("aria-pressed", String(this.root.dataset.contrast === "more"));
  }
}
