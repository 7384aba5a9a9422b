// The faces of buttons: words where there is room, else a sign. Which of the two is seen is settled in graph.css; the name
// of a button is its label, so that it is the same either way.

import { html, svg } from "./dom.js";

const FACES = { // 16 by 16
  help: "M5.2 6a2.8 2.8 0 1 1 4.3 2.4C8.4 9.1 8 9.6 8 10.6M8 13v.6",
  outline: "M2.5 4h11M5 8h8.5M5 12h8.5",
  full: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  leave: "M6 2.5V6H2.5M13.5 6H10V2.5M10 13.5V10h3.5M2.5 10H6v3.5",
  larger: "M1.8 13 5.6 3h.8L10.2 13M3 9.8h6M11 5h4M13 3v4",
  smaller: "M1.8 13 5.6 3h.8L10.2 13M3 9.8h6M11 5h4",
  shut: "M2.5 2.5h11v11h-11zM5.2 8h5.6",
  open: "M2.5 2.5h11v11h-11zM5.2 8h5.6M8 5.2v5.6",
  forward: "M2 8h11M9.5 4.5 13 8l-3.5 3.5",
  backward: "M14 8H3M6.5 4.5 3 8l3.5 3.5",
  both: "M2 5h11M10 2l3 3-3 3M14 11H3M6 8l-3 3 3 3",
};

/** Give a button its sign and its words. */
export function face(button, sign, words) {
  button.classList.add("vg-brief", `vg-brief-${sign}`);
  button.replaceChildren(svg("svg", { class: "vg-icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: FACES[sign] })),
    html("span", { class: "vg-word" }, words));
  return button;
}
