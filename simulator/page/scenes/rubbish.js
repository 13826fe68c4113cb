// Two bins by a brick wall, so full that bags and boxes lie beside them.
import { blob, box, dice, fade, finish, HIGH, line, outline, oval, shape, soft, specks, WIDE } from "./brush.js";

/** @typedef {import("./brush.js").Pen} Pen */

const GROUND = 640;

/** @param {Pen} pen */
export function paint(pen) {
  const chance = dice(31);
  wall(pen, chance);
  pavement(pen, chance);
  soft(pen, 16, (pen) => shape(pen, "rgb(25 20 18 / 0.42)", 150, 800, 1180, 800, 1240, 880, 210, 880));
  bin(pen, 200, "#4f8064", "#2f5a45", "#214234");
  bin(pen, 478, "#50789c", "#2f5474", "#213e58");
  above(pen, chance);
  beside(pen, chance);
  finish(pen, 0.32);
}

/** Bricks with mortar, some darker, and the light from the left. @param {Pen} pen @param {() => number} chance */
function wall(pen, chance) {
  box(pen, "#b9a491", 0, 0, WIDE, GROUND);
  const reds = ["#a86a50", "#b5765a", "#9c5f48", "#bd8164", "#a97058", "#94594a"];
  for (let row = 0; row < 15; row++)
    for (let brick = -1; brick < 12; brick++) {
      const [x, y] = [brick * 118 + (row % 2) * 59, row * 43];
      box(pen, reds[Math.floor(chance() * reds.length)], x + 3, y + 3, 111, 37, 3);
      box(pen, "rgb(255 235 215 / 0.13)", x + 4, y + 3, 109, 4, 2);
      box(pen, "rgb(40 15 10 / 0.16)", x + 4, y + 35, 109, 5, 2);
    }
  specks(pen, chance, ["rgb(60 30 20 / 0.2)", "rgb(255 230 210 / 0.16)"], 1600, [0, 0, WIDE, GROUND], 5);
  box(
    pen,
    fade(pen, [0, 0, WIDE, 0], "rgb(255 226 180 / 0.24)", "rgb(255 226 180 / 0)", "rgb(30 15 20 / 0.3)"),
    0,
    0,
    WIDE,
    GROUND,
  );
  box(pen, fade(pen, [0, 480, 0, GROUND], "rgb(50 40 30 / 0)", "rgb(50 42 32 / 0.45)"), 0, 480, WIDE, GROUND - 480);
  box(pen, "#e9e3d4", 880, 130, 230, 150, 6);
  box(pen, "#2f6b4f", 880, 130, 230, 44, 6);
  for (const [y, wide] of [
    [200, 180],
    [224, 150],
    [248, 168],
  ])
    box(pen, "rgb(60 70 66 / 0.55)", 904, y, wide, 8, 4);
}

/** @param {Pen} pen @param {() => number} chance */
function pavement(pen, chance) {
  box(pen, fade(pen, [0, GROUND, 0, HIGH], "#a39c91", "#8d867c"), 0, GROUND, WIDE, HIGH - GROUND);
  for (let row = 0; row < 6; row++) {
    const y = GROUND + 10 + row * row * 11 + row * 12;
    line(pen, "rgb(70 64 58 / 0.45)", 2 + row * 0.4, 0, y, WIDE, y);
  }
  for (let at = -8; at < 22; at++)
    line(pen, "rgb(70 64 58 / 0.35)", 2.4, 640 + (at - 7) * 92, GROUND, 640 + (at - 7) * 190, HIGH);
  specks(pen, chance, ["rgb(60 55 50 / 0.35)", "rgb(230 224 214 / 0.4)"], 1900, [0, GROUND, WIDE, 320], 5);
  soft(pen, 8, (pen) => blob(pen, "rgb(70 62 44 / 0.35)", outline(chance, 820, 880, 190, 30, 0.4)));
}

/** A bin on wheels, seen a little from the left. @param {Pen} pen @param {number} x @param {string} light @param {string} body @param {string} dark */
function bin(pen, x, light, body, dark) {
  const front = fade(pen, [x, 0, x + 240, 0], light, body, dark);
  oval(pen, "#1c1c1e", x + 34, 816, 26, 26);
  oval(pen, "#1c1c1e", x + 206, 816, 26, 26);
  shape(pen, front, x, 470, x + 240, 470, x + 220, 820, x + 20, 820);
  for (const at of [58, 120, 182])
    shape(pen, "rgb(0 0 0 / 0.12)", x + at - 4, 520, x + at + 4, 520, x + at + 3, 800, x + at - 3, 800);
  box(pen, dark, x - 12, 450, 264, 34, 10);
  box(pen, "rgb(255 255 255 / 0.2)", x - 8, 452, 256, 6, 3);
  box(pen, "rgb(245 245 240 / 0.85)", x + 84, 590, 72, 72, 36);
  for (const turn of [0, 2.09, 4.19]) {
    pen.save();
    pen.translate(x + 120, 626);
    pen.rotate(turn);
    shape(pen, body, -15, -8, 6, -8, 6, -16, 22, -3, 6, 10, 6, 2, -15, 2);
    pen.restore();
  }
  shape(pen, dark, x + 6, 448, x + 234, 448, x + 250, 262, x + 26, 270);
  shape(pen, "rgb(255 255 255 / 0.1)", x + 26, 270, x + 250, 262, x + 248, 278, x + 25, 286);
}

/** A knotted bag. @param {Pen} pen @param {() => number} chance @param {number} x @param {number} y @param {number} r @param {string[]} colours light to dark */
function bag(pen, chance, x, y, r, colours) {
  const body = outline(chance, x, y, r, r * 0.84, 0.2, 16);
  soft(pen, 7, (pen) => oval(pen, "rgb(15 12 12 / 0.4)", x + r * 0.1, y + r * 0.76, r * 1.02, r * 0.2));
  const glow = pen.createRadialGradient(x - r * 0.35, y - r * 0.4, r * 0.05, x, y, r * 1.15);
  colours.forEach((colour, at) => glow.addColorStop(at / (colours.length - 1), colour));
  blob(pen, glow, body);
  shape(
    pen,
    colours[1],
    x - r * 0.1,
    y - r * 0.74,
    x - r * 0.3,
    y - r * 1.1,
    x + r * 0.02,
    y - r * 0.96,
    x + r * 0.24,
    y - r * 1.14,
    x + r * 0.14,
    y - r * 0.74,
  );
  for (let nth = 0; nth < 6; nth++) {
    const turn = -2.5 + nth * 0.34;
    line(
      pen,
      "rgb(255 255 255 / 0.13)",
      r * 0.03,
      x + Math.cos(turn) * r * 0.2,
      y - r * 0.62 - Math.sin(turn) * r * 0.06,
      x + Math.cos(turn) * r * (0.55 + chance() * 0.2),
      y - r * 0.1 + Math.sin(turn) * r * 0.3,
    );
  }
}

const BLACK = ["#6d6d74", "#3a3a40", "#1e1e22"];
const WHITE = ["#fbfaf6", "#dcd8cf", "#a8a297"];
const BLUE = ["#a9c6de", "#6f98bb", "#44688a"];

/** What sticks out of the bins. @param {Pen} pen @param {() => number} chance */
function above(pen, chance) {
  bag(pen, chance, 270, 410, 84, BLACK);
  bag(pen, chance, 392, 418, 72, WHITE);
  shape(pen, fade(pen, [520, 330, 640, 460], "#cfa473", "#a97d4f"), 508, 330, 620, 318, 640, 452, 516, 456);
  shape(pen, "#8f673e", 508, 330, 620, 318, 612, 342, 512, 352);
  bag(pen, chance, 668, 416, 78, BLUE);
  box(pen, fade(pen, [430, 0, 452, 0], "#bfe0d2", "#7fb6a0"), 438, 366, 22, 88, 8);
  for (const x of [190, 468]) box(pen, "rgb(0 0 0 / 0.28)", x - 2, 452, 264, 10, 5);
}

/** What lies on the ground. @param {Pen} pen @param {() => number} chance */
function beside(pen, chance) {
  soft(pen, 9, (pen) => oval(pen, "rgb(15 12 12 / 0.4)", 985, 792, 150, 22));
  shape(pen, fade(pen, [880, 600, 1100, 780], "#d0a878", "#b08656"), 876, 620, 1060, 600, 1076, 780, 892, 796);
  shape(pen, "#936a40", 1060, 600, 1118, 626, 1130, 790, 1076, 780);
  shape(pen, "#dcb98c", 876, 620, 846, 586, 1010, 566, 1060, 600);
  line(pen, "rgb(90 60 30 / 0.5)", 3, 968, 610, 984, 788);
  bag(pen, chance, 800, 742, 98, BLACK);
  bag(pen, chance, 1130, 800, 92, BLACK);
  bag(pen, chance, 930, 838, 76, WHITE);
  bag(pen, chance, 722, 826, 58, BLUE);
  for (const [x, y, turn, colour] of /** @type {[number, number, number, string][]} */ ([
    [610, 866, 0.3, "#c9463a"],
    [1010, 900, -0.5, "#3f8f6b"],
    [356, 884, 1.2, "#e2b23c"],
  ])) {
    soft(pen, 5, (pen) => oval(pen, "rgb(15 12 12 / 0.4)", x + 4, y + 12, 44, 9));
    pen.save();
    pen.translate(x, y);
    pen.rotate(turn);
    box(pen, fade(pen, [0, -13, 0, 13], "#ffffff", colour, colour), -36, -13, 72, 26, 9);
    box(pen, "#d9d9d6", 30, -11, 8, 22, 3);
    pen.restore();
  }
  for (let nth = 0; nth < 9; nth++) {
    const [x, y, r] = [160 + chance() * 980, 850 + chance() * 76, 9 + chance() * 13];
    oval(pen, "rgb(15 12 12 / 0.3)", x + 3, y + r * 0.6, r, r * 0.35);
    blob(pen, ["#f3efe6", "#e4ddcd", "#d9cfb8"][nth % 3], outline(chance, x, y, r, r * 0.75, 0.7, 8));
  }
}
