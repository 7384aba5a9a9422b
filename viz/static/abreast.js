// What several captures of one function give at the same inputs: a table, and the same row again above each picture.

import { html, tellContrast } from "./dom.js";
import { initialize, whileGone } from "./kernel.js";

const SIGNS = { same: "=", other: "≠", error: "!" };

function rowOf({ name, gives, verdict, beside, way }, head) {
  const cell = (kind, ...parts) => html(head ? "span" : "td", { class: `va-${kind}` }, ...parts);
  const given = verdict === "error" ? [gives] : [html("span", { class: "va-soft" }, "gives "), gives];
  const sign = html("span", { class: "va-sign", "aria-hidden": "true" }, SIGNS[verdict] || "");
  const judged = verdict && verdict !== "error" ? [sign, " ", beside] : verdict === "error" ? [sign, " raised"] : [beside];
  return html(head ? "div" : "tr", { class: `va-row va-${verdict || "plain"}` },
    head ? html("h4", { class: "va-name" }, name) : html("th", { scope: "row", class: "va-name" }, name),
    cell("gives", ...given), cell("beside", ...judged), cell("way", way));
}

function render({ model, el }) {
  const status = html("p", { class: "va-status vk-hidden", role: "status" });
  const body = html("div", { class: "va-body" });
  const root = html("section", { class: "vg va", "data-lm-suppress-shortcuts": "true" }, status, body);

  function draw() {
    const rows = model.get("rows") || [], head = model.get("head");
    root.setAttribute("aria-label", head ? `${rows.map((row) => row.name)}: what it gives` : "What each gives");
    root.classList.toggle("va-head", head);
    root.dataset.size = model.get("size");
    root.hidden = !rows.length;
    const drawn = rows.map((row) => rowOf(row, head));
    body.replaceChildren(...(head ? drawn : [html("table", {}, html("caption", {}, model.get("where")),
      html("tbody", {}, ...drawn))]));
    const other = rows.filter((row) => row.verdict === "other" || row.verdict === "error").map((row) => row.name);
    if (!head) status.textContent = `${model.get("where")}: ${other.length ? `${other.join(", ")} ${other.length > 1 ? "differ" : "differs"}` : "all give the same"}`;
  }

  const traits = ["rows", "where", "head", "size"];
  for (const trait of traits) model.on(`change:${trait}`, draw);
  draw();
  el.append(root);
  const stops = [whileGone(model, el, (words) => { root.inert = Boolean(words); }), tellContrast(root)];
  return () => {
    for (const stop of stops) stop();
    for (const trait of traits) model.off(`change:${trait}`, draw);
    root.remove();
  };
}

export default { initialize, render };
