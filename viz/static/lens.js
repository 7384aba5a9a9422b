// The numbers of one value as a drawing, as viz/closeup.py gives them: a heat map of a matrix, a histogram of more. Sign and
// size are written or marked, the tint only repeats them.

import { count, html, round, svg } from "./dom.js";

const WIDE = 264; // px
const short = (n) => (n === 0 ? "0" : Math.abs(n) >= 1e4 || Math.abs(n) < 1e-3 ? n.toExponential(1) : String(Number(n.toPrecision(3))));

function words(x, y, what, anchor, size = 10) {
  const text = svg("text", { class: "vl-words", x: round(x), y: round(y), "text-anchor": anchor, "font-size": size });
  text.textContent = what;
  return text;
}

function heat({ rows, words: numbers, low, high }) {
  const columns = rows[0].length, w = Math.min(52, WIDE / columns), h = w < 26 ? Math.min(16, Math.max(7, w)) : 21;
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1, parts = [];
  rows.forEach((row, i) => row.forEach((number, j) => {
    const x = round(j * w), y = i * h;
    parts.push(svg("rect", { class: number < 0 ? "vl-cell vl-minus" : "vl-cell", x, y, width: round(w - 1), height: h - 1,
      "fill-opacity": (0.06 + 0.74 * Math.abs(number) / most).toFixed(2) }));
    if (w >= 26) parts.push(words(x + w / 2, y + h / 2 + 3.5, numbers[i][j].length > 6 ? short(number) : numbers[i][j], "middle"));
    else if (number < 0) parts.push(svg("path", { class: "vl-sign", d: `M${round(x + w / 4)} ${y + h / 2}h${round(w / 2 - 1)}` }));
  }));
  const down = rows.length * h + 13;
  const scale = `from ${short(low)} to ${short(high)}` + (w < 26 && low < 0 ? "; a bar marks a negative number" : "");
  return [parts.concat(words(0, down, scale, "start")), Math.max(columns * w, 150), down + 4,
    `Heat map of ${count(rows.length, "row")} and ${count(columns, "column")}, ${scale}`];
}

function histogram({ counts, low, high, of, all }) {
  const most = Math.max(...counts), tall = 62, w = WIDE / counts.length, parts = [];
  counts.forEach((n, i) => {
    const h = (tall * n) / most;
    parts.push(svg("rect", { class: "vl-bar", x: round(i * w + 0.5), y: round(tall + 12 - h), width: round(w - 1), height: round(h) }));
  });
  const top = counts.indexOf(most), zero = low < 0 && high > 0 ? (-low / (high - low)) * WIDE : null;
  parts.push(words(Math.min(WIDE - 8, (top + 0.5) * w), 9, String(most), "middle"));
  if (zero !== null) {
    parts.push(svg("path", { class: "vl-zero", d: `M${round(zero)} 12V${tall + 16}` }));
    if (zero > 50 && zero < WIDE - 50) parts.push(words(zero, tall + 26, "0", "middle"));
  }
  parts.push(svg("path", { class: "vl-axis", d: `M0 ${tall + 12}H${WIDE}` }), words(0, tall + 26, short(low), "start"),
    words(WIDE, tall + 26, short(high), "end"));
  const share = of < all ? `${of} of ${all.toLocaleString("en")} numbers` : count(all, "number");
  parts.push(words(0, tall + 40, share, "start"));
  return [parts, WIDE, tall + 44, `Histogram of ${share}, from ${short(low)} to ${short(high)}: ${counts.join(", ")}`];
}

/** The drawing of one of a node's `pictures`, nothing where there is none. */
export function drawLens(picture) {
  if (!picture) return [];
  const [parts, w, h, told] = (picture.kind === "heat" ? heat : histogram)(picture);
  return [html("div", { class: "vl" }, svg("svg", { viewBox: `0 0 ${round(w)} ${round(h)}`, width: round(w), height: round(h),
    role: "img", "aria-label": told }, ...parts))];
}
