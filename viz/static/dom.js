// Small helpers of every view: elements, numbers, and text that fits. Text reaches the page through textContent and
// setAttribute only, so a label can never become markup.

export function html(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const mix = (a, b, k) => a + (b - a) * k;
export const ease = (t) => 1 - (1 - t) ** 3;
export const count = (n, one, many = one + "s") => `${n} ${n === 1 ? one : many}`;
/** Have a part of the page follow the reader's wish for contrast. Returns what ends it. */
export function tellContrast(part, changed = () => {}) {
  const media = matchMedia("(prefers-contrast: more)");
  const tell = () => {
    part.dataset.contrast = media.matches ? "more" : "";
    changed();
  };
  media.addEventListener("change", tell);
  tell();
  return () => media.removeEventListener("change", tell);
}
export const stillPreferred = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Shift + Enter and its like run the cell, wherever in its output the reader stands. JupyterLab does not see the key here,
 * so it is given it again on the cell. Returns whether the key was one of those. */
export function runsCell(event) {
  const cell = event.currentTarget.closest(".jp-Cell");
  if (!cell || event.key !== "Enter" || !(event.shiftKey || event.ctrlKey || event.altKey || event.metaKey)) return false;
  event.preventDefault();
  event.stopPropagation();
  cell.focus();
  cell.dispatchEvent(new KeyboardEvent(event.type, event));
  return true;
}

const pen = document.createElement("canvas").getContext("2d");
const widths = new Map();
export function textWidth(text, font) {
  const key = font + text;
  if (!widths.has(key)) {
    if (widths.size > 5000) widths.clear();
    pen.font = font;
    widths.set(key, pen.measureText(text).width);
  }
  return widths.get(key);
}

/** The longest beginning of `text` that fits `room` px, with an ellipsis when something had to go. */
export function fit(text, room, font) {
  text = String(text).replace(/\s+/g, " ").slice(0, 400);
  if (textWidth(text, font) <= room) return text;
  let low = 1, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (textWidth(text.slice(0, middle) + "…", font) <= room) low = middle; else high = middle - 1;
  }
  return text.slice(0, low) + "…";
}
export const round = (n) => Math.round(n * 10) / 10;
