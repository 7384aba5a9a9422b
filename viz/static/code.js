// The code beside its graph. Lines whose behaviour has changed are lit: by a mark, by words, and by colour as well.

import { count, html, runsCell, tellContrast } from "./dom.js";
import { initialize, whileGone } from "./kernel.js";

function lineOf([number, text, said]) {
  const parts = [html("span", { class: "vk-number" }, String(number)),
    html("span", { class: "vk-mark", "aria-hidden": "true" }, said ? "▸" : ""), html("code", {}, text || " ")];
  if (said) parts.push(html("span", { class: "vk-words" }, html("span", { class: "vk-hidden" }, "changed: "), said));
  return html("li", { class: said ? "vk-line vk-lit" : "vk-line" }, ...parts);
}

function render({ model, el }) {
  const ownKeys = { "data-lm-suppress-shortcuts": "true" }; // JupyterLab would take the keys otherwise
  const summary = html("p", { class: "vk-summary", role: "status" });
  const button = html("button", { type: "button", class: "vg-button", "aria-expanded": "false", onclick: () => {
    open = !open;
    show();
  } });
  const lists = html("div", { class: "vk-lists" });
  const root = html("section", { class: "vk", "aria-label": "Code", ...ownKeys },
    html("header", { class: "vk-bar" }, summary, button), lists);
  root.addEventListener("keydown", runsCell);
  let open = false; // all lines, or only those that are lit

  function show() {
    const blocks = model.get("blocks");
    const lit = blocks.flatMap((block) => block.lines).filter(([, , said]) => said).length;
    summary.textContent = lit ? `${count(lit, "line")} of the code ${lit === 1 ? "does" : "do"} something else than before` : "Code";
    summary.classList.toggle("vk-news", lit > 0);
    button.textContent = open ? "Hide the code" : "Show the code";
    if (lit) button.textContent = open ? "Only what changed" : "All lines";
    button.setAttribute("aria-expanded", String(open));
    lists.replaceChildren(...blocks.flatMap((block) => {
      const lines = block.lines.filter(([, , said]) => open || said);
      const title = blocks.length > 1 ? [html("h4", {}, block.title)] : [];
      return lines.length ? [...title, html("ol", { class: "vk-lines", tabindex: "0", "aria-label": `Code of ${block.title}` },
        ...lines.map(lineOf))] : [];
    }));
    root.hidden = !blocks.length;
    root.dataset.size = model.get("size");
  }

  for (const trait of ["blocks", "size"]) model.on(`change:${trait}`, show);
  show();
  el.append(root);
  const stops = [whileGone(model, el, (words) => { root.inert = Boolean(words); }), tellContrast(root)];
  return () => {
    for (const stop of stops) stop();
    for (const trait of ["blocks", "size"]) model.off(`change:${trait}`, show);
    root.remove();
  };
}

export default { initialize, render };
