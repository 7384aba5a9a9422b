// The model's 8 x 8 picture is the one state here: strokes make it anew, the keyboard changes it square by square.

const SIDE = 32;  // the data set was made of 32 x 32 dots, counted in blocks of 4 x 4: 0 to 16 in each
const PEN = 4.8;  // how wide a stroke is among those dots
const WIDEST = 26;  // dots that a digit takes across; it may be as high as the picture
const SMALL = 0.12;  // of the paper: what is smaller stays small, so that a dot does not fill the picture

const at = (id) => document.getElementById(id);
const strokes = [];
let picture = new Array(64).fill(0);

// Strokes to picture

function pictureOf(drawn) {
  const points = drawn.flat();
  if (!points.length) return new Array(64).fill(0);
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min((SIDE - PEN) / Math.max(bottom - top, SMALL), (WIDEST - PEN) / Math.max(right - left, SMALL));
  const place = ([x, y]) => [(x - (left + right) / 2) * scale + SIDE / 2, (y - (top + bottom) / 2) * scale + SIDE / 2];
  const lines = drawn.flatMap((stroke) => stroke.map((p, i) => [place(stroke[Math.max(i - 1, 0)]), place(p)]));
  const counts = new Array(64).fill(0);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const inked = lines.some(([a, b]) => distance(x + 0.5, y + 0.5, a, b) <= PEN / 2);
      if (inked) counts[8 * Math.floor(y / 4) + Math.floor(x / 4)] += 1;
    }
  }
  return counts;
}

function distance(x, y, [ax, ay], [bx, by]) {
  const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy;
  const along = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
  return Math.hypot(x - ax - along * dx, y - ay - along * dy);
}

// Paper

const paper = at("paper"), pen = paper.getContext("2d");

function redraw() {
  const style = getComputedStyle(document.documentElement);
  pen.clearRect(0, 0, paper.width, paper.height);
  pen.strokeStyle = style.getPropertyValue("--ink");
  pen.lineWidth = paper.width / 14;
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(([x, y], i) => pen[i ? "lineTo" : "moveTo"](x * paper.width, y * paper.height));
    if (stroke.length === 1) pen.lineTo(stroke[0][0] * paper.width, stroke[0][1] * paper.height);
    pen.stroke();
  }
}

function spot(event) {
  const box = paper.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

function drew() {
  redraw();
  set(pictureOf(strokes));
}

paper.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  paper.setPointerCapture(event.pointerId);
  strokes.push([spot(event)]);
  drew();
});
paper.addEventListener("pointermove", (event) => {
  if (!paper.hasPointerCapture(event.pointerId)) return;
  for (const part of event.getCoalescedEvents?.() ?? []) strokes.at(-1).push(spot(part));
  strokes.at(-1).push(spot(event));
  drew();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

function clear() {
  strokes.length = 0;
  drew();
}
at("clear").addEventListener("click", clear);
at("undo").addEventListener("click", () => { strokes.pop(); drew(); });

// The small picture, which can be painted too

const cells = [];
for (let y = 0; y < 8; y++) {
  const row = at("grid").appendChild(document.createElement("div"));
  row.setAttribute("role", "row");
  for (let x = 0; x < 8; x++) {
    const cell = row.appendChild(document.createElement("div"));
    cell.setAttribute("role", "gridcell");
    cell.tabIndex = cells.length ? -1 : 0;
    cell.addEventListener("click", () => paint(8 * y + x));
    cells.push(cell);
  }
}

function paint(i) {
  go(i);
  set(picture.map((level, j) => (j === i ? (level > 0 ? 0 : 16) : level)));
}

function go(i) {
  cells.forEach((cell, j) => { cell.tabIndex = i === j ? 0 : -1; });
  cells[i].focus();
}

at("grid").addEventListener("keydown", (event) => {
  const i = cells.indexOf(event.target), x = i % 8, y = (i - x) / 8;
  const next = {
    ArrowLeft: x > 0 && i - 1, ArrowRight: x < 7 && i + 1, ArrowUp: y > 0 && i - 8, ArrowDown: y < 7 && i + 8,
    Home: i - x, End: i - x + 7,
  }[event.key];
  if (event.key === " " || event.key === "Enter") paint(i);
  else if (event.key === "Delete" || event.key === "Backspace") clear();
  else if (next === undefined) return;
  else if (next !== false) go(next);
  event.preventDefault();
});

function set(levels) {
  picture = levels;
  cells.forEach((cell, i) => {
    cell.style.setProperty("--level", levels[i]);
    cell.setAttribute("aria-label", `row ${Math.floor(i / 8) + 1}, column ${i % 8 + 1}: ink ${levels[i]}`);
  });
  ask();
}

// The model

const bars = [...Array(10).keys()].map((digit) => {
  const bar = at("bars").appendChild(document.createElement("li"));
  bar.append(String(digit), document.createElement("i"), document.createElement("span"));
  bar.children[0].append(document.createElement("b"));
  return bar;
});
let model = null, ort = null, asking = false;

const packed = (id) => Uint8Array.from(atob(at(id).textContent), (letter) => letter.charCodeAt(0));
async function unpacked(id) {
  const stream = new Blob([packed(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function start() {
  const source = new Blob([await unpacked("runtime")], {type: "text/javascript"});
  ort = await import(URL.createObjectURL(source));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await unpacked("wasm");
  model = await ort.InferenceSession.create(packed("model"));
  ask();
}

async function ask() {
  if (!model || asking) return;
  asking = true;
  try {
    let asked;
    do {  // what was drawn meanwhile is asked next
      asked = picture;
      const x = new ort.Tensor("float32", Float32Array.from(asked, (level) => level / 16), [1, 64]);
      const results = await model.run({[model.inputNames[0]]: x});
      show(asked, Array.from(results[model.outputNames[0]].data));
    } while (asked !== picture);
  } catch (error) {
    complain(error);
  } finally {
    asking = false;
  }
}

function show(asked, parts) {
  const best = parts.indexOf(Math.max(...parts)), empty = !(parts[best] > 0);
  at("digit").textContent = empty ? "?" : best;
  at("digit").toggleAttribute("data-empty", empty);
  bars.forEach((bar, digit) => {
    const percent = 100 * (parts[digit] ?? 0);
    bar.classList.toggle("best", !empty && digit === best);
    bar.querySelector("b").style.width = `${percent}%`;
    bar.querySelector("span").textContent = `${Math.round(percent)} %`;
  });
  document.body.dataset.answer = JSON.stringify({picture: asked, parts});
}

function complain(error) {
  at("trouble").textContent = `The model could not be run here: ${error.message ?? error}`;
  at("trouble").hidden = false;
}

drew();
start().catch(complain);
