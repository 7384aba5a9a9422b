// Curves. An edge is a list of points: start, then (control, control, end) per cubic piece.

import { mix, round } from "./dom.js";

const HALO = [0.15, 0.22, 0.29, 0.36, 0.43, 0.5, 0.57, 0.64, 0.71, 0.78, 0.85];
const RETURN_OFFSET = 5; // px between an edge and the gradient arrow that runs back along it

export function parsePath(d) {
  const tokens = String(d).match(/[a-zA-Z]|-?(?:\d*\.)?\d+(?:e-?\d+)?/gi) || [];
  const points = [];
  let command = "";
  for (let i = 0; i < tokens.length;) {
    if (/[a-z]/i.test(tokens[i]) && tokens[i].length === 1) command = tokens[i++];
    const take = () => [Number(tokens[i++]), Number(tokens[i++])];
    if (command === "M") points.push(take());
    else if (command === "C") points.push(take(), take(), take());
    else if (command === "L") points.push(...straight(points[points.length - 1], take()));
    else break;
  }
  const whole = points.length >= 4 && points.length % 3 === 1;
  return whole && points.every(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) ? points : null;
}

export function straight([x0, y0], [x1, y1]) {
  return [[mix(x0, x1, 1 / 3), mix(y0, y1, 1 / 3)], [mix(x0, x1, 2 / 3), mix(y0, y1, 2 / 3)], [x1, y1]];
}

export const between = (p, q, k) => [mix(p[0], q[0], k), mix(p[1], q[1], k)];

/** Cut the first piece in two until there are `pieces`, so that two curves can be mixed point by point. */
export function refine(points, pieces) {
  points = points.slice();
  for (let at = 0; (points.length - 1) / 3 < pieces; at = (at + 6) % (points.length - 1)) {
    const [a, b, c, d] = points.slice(at, at + 4);
    const ab = between(a, b, 0.5), bc = between(b, c, 0.5), cd = between(c, d, 0.5);
    const abc = between(ab, bc, 0.5), bcd = between(bc, cd, 0.5);
    points.splice(at, 4, a, ab, abc, between(abc, bcd, 0.5), bcd, cd, d);
  }
  return points;
}

function pointOn(points, t) {
  const pieces = (points.length - 1) / 3;
  const piece = Math.min(pieces - 1, Math.floor(t * pieces));
  const [a, b, c, d] = points.slice(piece * 3, piece * 3 + 4);
  const k = t * pieces - piece;
  const abc = between(between(a, b, k), between(b, c, k), k);
  const bcd = between(between(b, c, k), between(c, d, k), k);
  return [...between(abc, bcd, k), Math.atan2(bcd[1] - abc[1], bcd[0] - abc[0])];
}

const xy = (p) => `${round(p[0])} ${round(p[1])}`;

function head([x, y], angle, length, half) {
  const bx = x - length * Math.cos(angle), by = y - length * Math.sin(angle);
  const sx = half * Math.sin(angle), sy = -half * Math.cos(angle);
  return `M${xy([x, y])}L${xy([bx + sx, by + sy])}L${xy([bx - sx, by - sy])}Z`;
}

/** What keeps an edge apart from those that it crosses: all of it but its ends, where edges meet. */
export function haloPath(points) {
  return "M" + HALO.map((t) => xy(pointOn(points, t))).join("L");
}

export function forwardPaths(points) {
  const end = points[points.length - 1];
  const [, , angle] = pointOn(points, 0.97);
  const stop = [end[0] - 6 * Math.cos(angle), end[1] - 6 * Math.sin(angle)];
  let line = `M${xy(points[0])}`;
  for (let i = 1; i < points.length; i += 3) {
    line += `C${xy(points[i])} ${xy(points[i + 1])} ${xy(i + 2 === points.length - 1 ? stop : points[i + 2])}`;
  }
  return [line, head(end, angle, 8, 3.6)];
}

/** The curve as `count` points at equal distances, from `before` px after its start to `after` px before its end. */
function evenly(points, count, before, after) {
  const pieces = (points.length - 1) / 3, dense = [], far = [0];
  for (let i = 0; i <= 10 * pieces; i++) {
    dense.push(pointOn(points, i / (10 * pieces)));
    if (i) far.push(far[i - 1] + Math.hypot(dense[i][0] - dense[i - 1][0], dense[i][1] - dense[i - 1][1]));
  }
  const length = far[far.length - 1], start = Math.min(before, length / 4), end = length - Math.min(after, length / 4);
  const even = [];
  for (let n = 0, i = 1; n < count; n++) {
    const want = mix(start, end, n / (count - 1));
    while (i < far.length - 1 && far[i] < want) i++;
    const [p, q] = [dense[i - 1], dense[i]], k = (want - far[i - 1]) / (far[i] - far[i - 1] || 1);
    even.push([...between(p, q, k), Math.atan2(q[1] - p[1], q[0] - p[0])]);
  }
  return even;
}

/** The point so many px after the start of a curve, or before its end, and the direction there. */
export function alongPath(points, far) {
  const even = evenly(points, 2, far > 0 ? far : 0, far < 0 ? -far : 0);
  return even[far > 0 ? 0 : 1];
}

/** The way back of the gradient: the same curve a little to the side, its head at the producer's end. */
export function returnPaths(points) {
  const beside = evenly(points, 16, 3, 9).map(([x, y, angle]) =>
    [x - RETURN_OFFSET * Math.sin(angle), y + RETURN_OFFSET * Math.cos(angle), angle]);
  const [x, y, angle] = beside[0];
  const back = [x + 5 * Math.cos(angle), y + 5 * Math.sin(angle)];
  const ahead = beside.filter(([px, py]) => Math.hypot(px - x, py - y) > 5.5);
  return ["M" + [back, ...ahead].map(xy).join("L"), head([x, y], angle + Math.PI, 7, 3)];
}
