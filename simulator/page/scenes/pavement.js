// A pavement with its yellow guiding strip: slabs are broken, one is gone, weeds grow.
import { blob, box, crown, dice, fade, finish, HIGH, line, outline, oval, shape, soft, specks, WIDE } from "./brush.js";

/** @typedef {import("./brush.js").Pen} Pen */

const HORIZON = 250;
const [ROWS, COLUMNS] = [13, 9];
/** Slabs that lie askew (turn), are cracked, or are missing: "row column". */
const BROKEN = new Map([
  ["8 2", "gone"],
  ["8 3", "cracked"],
  ["9 2", "cracked"],
  ["9 3", "askew"],
  ["7 2", "askew"],
  ["9 4", "cracked"],
  ["10 3", "gone"],
  ["10 2", "cracked"],
  ["6 6", "cracked"],
]);

/** @param {Pen} pen */
export function paint(pen) {
  const chance = dice(59);
  behind(pen, chance);
  box(pen, "#8f887d", 0, HORIZON, WIDE, HIGH);
  for (let row = 0; row < ROWS; row++)
    for (let column = -4; column < COLUMNS + 4; column++) slab(pen, chance, row, column);
  soft(pen, 34, (pen) => {
    for (const [x, y] of [
      [210, 420],
      [420, 350],
      [120, 640],
      [340, 520],
      [60, 860],
    ])
      oval(pen, "rgb(38 44 34 / 0.34)", x, y, 170, 46);
  });
  for (const [row, column] of [
    [8, 2],
    [9, 3],
    [10, 3],
    [6, 6],
    [9, 2],
  ])
    weeds(pen, chance, ...corner(row + 0.9, column + 0.1));
  finish(pen, 0.32);
}

/** Where a corner of the grid is on the picture. @param {number} row @param {number} column @returns {[number, number]} */
function corner(row, column) {
  const near = ((row + 1.6) / (ROWS + 1.2)) ** 1.9;
  const wide = 50 + near * 250;
  return [610 + (column - 4.2) * wide - near * 60, HORIZON + near * (HIGH - HORIZON + 60)];
}

/** @param {Pen} pen @param {() => number} chance */
function behind(pen, chance) {
  box(pen, fade(pen, [0, 0, 0, HORIZON], "#cfdfe4", "#e9e6da"), 0, 0, WIDE, HORIZON);
  soft(pen, 5, (pen) => {
    box(pen, "#c9b9a4", 760, 20, 520, HORIZON);
    for (let nth = 0; nth < 10; nth++) box(pen, "#8696a0", 800 + nth * 50, 60, 32, 64);
    box(pen, "#a34b3c", 780, 150, 480, 26);
    box(pen, "#e5dccd", 790, 176, 460, 80);
    crown(pen, chance, 120, 90, 190, ["#3d5a3d", "#55774d", "#76975f", "#9bb57d"]);
    crown(pen, chance, 470, 120, 130, ["#3d5a3d", "#55774d", "#76975f", "#9bb57d"]);
    box(pen, "#5a4838", 108, 160, 34, 130);
    box(pen, "#5a4838", 462, 190, 20, 80);
    box(pen, "#7b8f5f", 0, 232, WIDE, 30);
  });
}

/** @param {Pen} pen @param {() => number} chance @param {number} row @param {number} column */
function slab(pen, chance, row, column) {
  const [a, b, c, d] = [
    corner(row, column),
    corner(row, column + 1),
    corner(row + 1, column + 1),
    corner(row + 1, column),
  ];
  const middle = [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2];
  const state = BROKEN.get(`${row} ${column}`);
  const tone = chance();
  if (state === "gone") return gap(pen, chance, [a, b, c, d]);
  const turn = state === "askew" ? 0.07 : 0;
  const points = [a, b, c, d].map(([x, y]) => {
    const [left, down] = [(x - middle[0]) * 0.965, (y - middle[1]) * 0.945];
    return [middle[0] + left - down * turn, middle[1] + down + left * turn - (state === "askew" ? 9 : 0)];
  });
  const guiding = column === 5;
  const light = guiding ? 208 + tone * 14 : 172 + tone * 26;
  const paint = guiding
    ? `rgb(${light} ${light * 0.82} ${light * 0.36})`
    : `rgb(${light} ${light * 0.96} ${light * 0.89})`;
  if (state === "askew")
    soft(pen, 8, (pen) => shape(pen, "rgb(20 18 16 / 0.6)", ...[a, b, c, d].flatMap(([x, y]) => [x + 8, y + 12])));
  shape(pen, "rgb(60 55 48 / 0.6)", ...points.flatMap(([x, y]) => [x + 1, y + 4]));
  shape(pen, paint, ...points.flat());
  pen.save();
  pen.clip();
  specks(
    pen,
    chance,
    ["rgb(70 64 56 / 0.25)", "rgb(255 252 244 / 0.3)"],
    34,
    [a[0] - 20, a[1], b[0] - a[0] + 60, d[1] - a[1]],
    2 + row * 0.5,
  );
  pen.restore();
  line(pen, "rgb(255 250 238 / 0.35)", 1 + row * 0.14, ...points[3], ...points[0], ...points[1]);
  if (guiding) studs(pen, points, row);
  if (state === "cracked") cracks(pen, chance, points);
}

/** The raised bars that feet can feel. @param {Pen} pen @param {number[][]} points @param {number} row */
function studs(pen, [a, b, c, d], row) {
  for (const at of [0.2, 0.4, 0.6, 0.8]) {
    const [top, foot] = [a[0] + (b[0] - a[0]) * at, d[0] + (c[0] - d[0]) * at];
    const [y, end] = [a[1] + (d[1] - a[1]) * 0.12, a[1] + (d[1] - a[1]) * 0.88];
    line(pen, "rgb(120 88 20 / 0.5)", 2 + row * 0.7, top + 2, y + 2, foot + 2, end + 2);
    line(pen, "#f0d27c", 1.6 + row * 0.6, top, y, foot, end);
  }
}

/** @param {Pen} pen @param {() => number} chance @param {number[][]} points */
function cracks(pen, chance, [a, b, c, d]) {
  const within = (/** @type {number} */ u, /** @type {number} */ v) =>
    [0, 1].map((at) => a[at] + (b[at] - a[at]) * u + (d[at] - a[at]) * v + (c[at] - b[at] - d[at] + a[at]) * u * v);
  const walk = (/** @type {number} */ from) =>
    [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((v) => within(from + (chance() - 0.5) * 0.22, v));
  line(pen, "rgb(36 32 28 / 0.9)", 4, ...walk(0.45));
  line(
    pen,
    "rgb(36 32 28 / 0.75)",
    2.6,
    ...within(0.45, 0.5),
    ...within(0.75, 0.6 + chance() * 0.2),
    ...within(1, 0.5),
  );
  shape(pen, "rgb(44 38 32 / 0.8)", ...within(0, 1), ...within(0.22, 1), ...within(0.12, 0.86), ...within(0, 0.78));
}

/** Bare earth where a slab was. @param {Pen} pen @param {() => number} chance @param {[number, number][]} points */
function gap(pen, chance, points) {
  const [a, b, c, d] = points;
  shape(pen, fade(pen, [0, a[1], 0, d[1]], "#2c241c", "#584839", "#6d5b48"), ...points.flat());
  pen.save();
  pen.clip();
  specks(pen, chance, ["#7d6a55", "#3d3228", "#94806a"], 170, [d[0], a[1], c[0] - d[0], d[1] - a[1]], 8);
  soft(pen, 9, (pen) => line(pen, "rgb(10 8 6 / 0.75)", 22, ...d, ...a, ...b));
  for (let nth = 0; nth < 7; nth++) {
    const [x, y, r] = [
      d[0] + chance() * (c[0] - d[0]),
      a[1] + (0.3 + chance() * 0.6) * (d[1] - a[1]),
      8 + chance() * 20,
    ];
    oval(pen, "rgb(10 8 6 / 0.5)", x + 3, y + r * 0.5, r, r * 0.5);
    blob(pen, ["#a59c8e", "#8d8478", "#b8af9f"][nth % 3], outline(chance, x, y, r, r * 0.6, 0.6, 7));
  }
  pen.restore();
}

/** @param {Pen} pen @param {() => number} chance @param {number} x @param {number} y */
function weeds(pen, chance, x, y) {
  for (let nth = 0; nth < 26; nth++) {
    const [lean, tall] = [(chance() - 0.5) * 60, 20 + chance() * 46];
    const foot = x + (chance() - 0.5) * 54;
    line(
      pen,
      ["#567a3c", "#6f9449", "#466a36", "#8fae5f"][nth % 4],
      2 + chance() * 2.4,
      foot,
      y,
      foot + lean * 0.3,
      y - tall * 0.6,
      foot + lean,
      y - tall,
    );
  }
}
