// A road by day with a deep hole in it, a puddle in the hole and a cone beside it.
import { blob, box, crown, dice, fade, finish, HIGH, line, outline, oval, shape, soft, specks, WIDE } from "./brush.js";

/** @typedef {import("./brush.js").Pen} Pen */

const HORIZON = 400;

/** @param {Pen} pen */
export function paint(pen) {
  const chance = dice(23);
  box(pen, fade(pen, [0, 0, 0, HORIZON], "#8fb8d6", "#bcd5e2", "#e6e8e0"), 0, 0, WIDE, HORIZON + 20);
  soft(pen, 14, (pen) => {
    for (const [x, y, r] of [
      [240, 110, 90],
      [330, 130, 70],
      [860, 80, 110],
      [980, 100, 80],
      [1120, 170, 60],
    ])
      oval(pen, "rgb(255 255 255 / 0.55)", x, y, r * 1.6, r * 0.42);
  });
  soft(pen, 3, (pen) => town(pen, chance));
  row(pen, chance);
  ground(pen, chance);
  hole(pen, chance);
  cone(pen);
  finish(pen, 0.3);
}

/** @param {Pen} pen @param {() => number} chance */
function town(pen, chance) {
  for (const [x, top, wide, wall] of /** @type {[number, number, number, string][]} */ ([
    [390, 230, 110, "#cfc6b8"],
    [510, 270, 90, "#d9d2c6"],
    [640, 250, 80, "#c5bfb6"],
    [735, 200, 120, "#d5cabb"],
  ])) {
    box(pen, wall, x, top, wide, HORIZON - top);
    for (let nth = 0; nth < 24; nth++)
      if (chance() > 0.12)
        box(
          pen,
          "rgb(90 105 120 / 0.4)",
          x + 10 + (nth % 4) * (wide / 4.3),
          top + 14 + Math.floor(nth / 4) * 28,
          12,
          15,
        );
  }
}

/** Trees on both sides, smaller where they are farther. @param {Pen} pen @param {() => number} chance */
function row(pen, chance) {
  const greens = ["#3c5a3d", "#4c7049", "#648a58", "#8aa971"];
  for (const [x, y, r] of [
    [470, 330, 50],
    [800, 325, 54],
    [380, 300, 78],
    [905, 292, 86],
    [250, 250, 120],
    [1050, 232, 136],
    [40, 190, 190],
    [1260, 170, 200],
  ]) {
    line(pen, "#54463a", r / 9, x, y, x, y + r * 1.35);
    crown(pen, chance, x, y - r * 0.1, r, greens);
  }
}

/** @param {Pen} pen @param {() => number} chance */
function ground(pen, chance) {
  box(pen, fade(pen, [0, HORIZON, 0, HIGH], "#8da276", "#7c9367"), 0, HORIZON, WIDE, HIGH);
  specks(pen, chance, ["#6d8558", "#9bb081", "#62794f"], 1500, [0, HORIZON, WIDE, 560], 9);
  shape(pen, "#c9c3b6", 560, HORIZON, 690, HORIZON, 1560, HIGH, -330, HIGH);
  shape(
    pen,
    fade(pen, [0, HORIZON, 0, HIGH], "#8b8a8b", "#6f6e70", "#5f5e61"),
    575,
    HORIZON,
    675,
    HORIZON,
    1430,
    HIGH,
    -190,
    HIGH,
  );
  pen.save();
  pen.beginPath();
  for (const [x, y] of [
    [575, HORIZON],
    [675, HORIZON],
    [1430, HIGH],
    [-190, HIGH],
  ])
    pen.lineTo(x, y);
  pen.clip();
  specks(pen, chance, ["#807f81", "#545356", "#94928f", "#4a494c"], 6000, [0, HORIZON, WIDE, 560], 5);
  for (let nth = 0; nth < 5; nth++) crack(pen, chance, 300 + chance() * 700, 560 + chance() * 330);
  pen.restore();
  for (const [y, high, wide] of [
    [420, 10, 5],
    [450, 18, 8],
    [500, 34, 13],
    [585, 62, 22],
    [735, 120, 38],
  ])
    shape(
      pen,
      "rgb(240 236 222 / 0.86)",
      625 - wide / 2,
      y,
      625 + wide / 2,
      y,
      624 + wide * 0.7,
      y + high,
      624 - wide * 0.7,
      y + high,
    );
}

/** @param {Pen} pen @param {() => number} chance @param {number} x @param {number} y */
function crack(pen, chance, x, y) {
  const points = [x, y];
  for (let nth = 0; nth < 9; nth++) points.push((x += 18 + chance() * 26), (y += (chance() - 0.5) * 26));
  line(pen, "rgb(40 39 42 / 0.75)", 2.4, ...points);
}

/** @param {Pen} pen @param {() => number} chance */
function hole(pen, chance) {
  const edge = outline(chance, 440, 760, 262, 104, 0.26, 26);
  const shifted = (/** @type {number} */ down, /** @type {number} */ by) =>
    edge.map(([x, y]) => /** @type {[number, number]} */ ([440 + (x - 440) * by, 760 + down + (y - 760) * by]));
  soft(pen, 10, (pen) => blob(pen, "rgb(30 28 30 / 0.5)", shifted(4, 1.07)));
  blob(pen, "#a29c93", shifted(-3, 1.03));
  blob(pen, fade(pen, [0, 650, 0, 870], "#262322", "#4a443f", "#6d655c"), edge);
  blob(pen, fade(pen, [0, 680, 0, 860], "#171514", "#3a342f", "#5b5349"), shifted(16, 0.9));
  pen.save();
  pen.beginPath();
  for (const [x, y] of shifted(12, 0.93)) pen.lineTo(x, y);
  pen.clip();
  specks(pen, chance, ["#7d746a", "#5a524a", "#948a7d", "#2b2725"], 420, [170, 700, 540, 180], 11);
  blob(pen, fade(pen, [0, 770, 0, 850], "#5d6f78", "#9db4bf", "#7d919b"), outline(chance, 462, 806, 168, 42, 0.2, 20));
  blob(pen, "rgb(226 238 243 / 0.5)", outline(chance, 420, 798, 74, 9, 0.4, 14));
  pen.restore();
  for (let nth = 0; nth < 46; nth++) {
    const [angle, far] = [chance() * 7, 1.02 + chance() * 0.34];
    const [x, y, r] = [440 + Math.cos(angle) * 262 * far, 760 + Math.sin(angle) * 108 * far, 3 + chance() * 9];
    oval(pen, "rgb(25 24 26 / 0.4)", x + 2, y + r * 0.5, r, r * 0.5);
    blob(pen, ["#6b6663", "#4a4644", "#86807a"][nth % 3], outline(chance, x, y, r, r * 0.7, 0.6, 7));
  }
}

/** @param {Pen} pen */
function cone(pen) {
  soft(pen, 9, (pen) => oval(pen, "rgb(20 20 24 / 0.45)", 905, 792, 118, 22));
  shape(pen, fade(pen, [770, 0, 940, 0], "#d8572a", "#b63f1d"), 772, 770, 930, 770, 948, 796, 754, 796);
  const side = fade(pen, [790, 0, 912, 0], "#f58a4b", "#ea6a2f", "#b9431d");
  shape(pen, side, 838, 540, 864, 540, 914, 776, 788, 776);
  const band = fade(pen, [790, 0, 912, 0], "#ffffff", "#ece9e4", "#b9b5b0");
  shape(pen, band, 826, 600, 876, 600, 887, 650, 815, 650);
  shape(pen, band, 807, 690, 895, 690, 903, 726, 799, 726);
  oval(pen, "#8d3216", 851, 541, 13, 5);
}
