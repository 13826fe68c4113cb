// A bench in a park on a sunny day, one of its boards broken.
import {
  blended,
  blob,
  box,
  crown,
  dice,
  fade,
  finish,
  HIGH,
  line,
  outline,
  oval,
  shape,
  soft,
  specks,
  WIDE,
} from "./brush.js";

/** @typedef {import("./brush.js").Pen} Pen */

const GROUND = 520;
const GREENS = ["#39573a", "#4f7547", "#6f9457", "#9cba74", "#c3d693"];

/** @param {Pen} pen */
export function paint(pen) {
  const chance = dice(73);
  box(pen, fade(pen, [0, 0, 0, GROUND], "#a9cde0", "#d8e8e6", "#eef0dc"), 0, 0, WIDE, GROUND);
  soft(pen, 9, (pen) => {
    for (const [x, y, r] of [
      [90, 300, 170],
      [360, 330, 130],
      [620, 300, 150],
      [880, 320, 140],
      [1150, 280, 190],
    ])
      crown(pen, chance, x, y, r, GREENS.slice(1));
    box(pen, "#7f9c5c", 0, 440, WIDE, 100);
  });
  soft(pen, 2, (pen) => {
    box(pen, fade(pen, [1080, 0, 1150, 0], "#6b5541", "#4d3c2e"), 1088, 180, 62, 400);
    crown(pen, chance, 1110, 130, 250, GREENS);
  });
  lawn(pen, chance);
  soft(pen, 18, (pen) => shape(pen, "rgb(28 36 24 / 0.5)", 250, 812, 1000, 800, 1130, 850, 330, 868));
  bench(pen, chance);
  blended(pen, "screen", () => {
    const sun = fade(pen, [0, 0, 700, 700], "rgb(255 236 180 / 0.42)", "rgb(255 236 180 / 0.06)", "rgb(0 0 0 / 0)");
    box(pen, sun, 0, 0, WIDE, HIGH);
  });
  finish(pen, 0.3);
}

/** @param {Pen} pen @param {() => number} chance */
function lawn(pen, chance) {
  box(pen, fade(pen, [0, GROUND, 0, HIGH], "#8fae62", "#7a9b52", "#5f8043"), 0, GROUND, WIDE, HIGH - GROUND);
  for (let nth = 0; nth < 5200; nth++) {
    const deep = chance();
    const [x, y, tall] = [chance() * WIDE, GROUND + deep * 440, 4 + deep * 20];
    line(
      pen,
      ["rgb(80 116 50 / 0.5)", "rgb(158 186 104 / 0.5)", "rgb(66 98 44 / 0.5)"][nth % 3],
      1 + deep * 1.4,
      x,
      y,
      x + (chance() - 0.5) * 9,
      y - tall,
    );
  }
  shape(
    pen,
    fade(pen, [0, 740, 0, HIGH], "#d8ccb2", "#c2b497"),
    0,
    800,
    560,
    770,
    WIDE,
    786,
    WIDE,
    930,
    620,
    905,
    0,
    940,
  );
  specks(pen, chance, ["rgb(120 104 78 / 0.4)", "rgb(245 238 222 / 0.5)"], 1900, [0, 778, WIDE, 156], 5);
  for (const [x, y] of [
    [120, 640],
    [186, 676],
    [1010, 620],
    [1200, 690],
    [80, 720],
    [1120, 720],
  ])
    for (let nth = 0; nth < 7; nth++)
      oval(pen, nth % 2 ? "#fdf6e0" : "#f2c94c", x + (chance() - 0.5) * 60, y + (chance() - 0.5) * 30, 5, 4);
}

/** @param {Pen} pen @param {() => number} chance */
function bench(pen, chance) {
  for (const x of [330, 640, 950]) leg(pen, x);
  for (const y of [392, 444, 496]) board(pen, chance, 270, y, 740, 40);
  board(pen, chance, 262, 596, 760, 30);
  board(pen, chance, 254, 634, 300, 34);
  board(pen, chance, 742, 634, 290, 34);
  splinters(pen, 554, 634, 1);
  splinters(pen, 742, 634, -1);
  pen.save();
  pen.translate(604, 690);
  pen.rotate(0.62);
  board(pen, chance, -70, -16, 190, 32);
  splinters(pen, -70, -16, -1);
  pen.restore();
  board(pen, chance, 246, 676, 792, 38);
  box(pen, "rgb(20 14 8 / 0.5)", 254, 628, 780, 6);
}

/** Cast iron. @param {Pen} pen @param {number} x */
function leg(pen, x) {
  const iron = fade(pen, [x - 14, 0, x + 14, 0], "#50565a", "#2b3033", "#15181a");
  line(pen, iron, 20, x, 380, x - 6, 640, x - 16, 830);
  line(pen, iron, 18, x - 4, 690, x + 50, 740, x + 58, 838);
  line(pen, "#1b1f22", 16, x - 32, 834, x + 4, 834);
  line(pen, "#1b1f22", 16, x + 42, 842, x + 74, 842);
  line(pen, "rgb(255 255 255 / 0.2)", 3, x - 6, 392, x - 12, 640);
}

/** @param {Pen} pen @param {() => number} chance @param {number} x @param {number} y @param {number} wide @param {number} high */
function board(pen, chance, x, y, wide, high) {
  box(pen, "rgb(30 18 8 / 0.55)", x + 3, y + 6, wide, high, 7);
  box(pen, fade(pen, [0, y, 0, y + high], "#d59a5f", "#bd7f47", "#925c2f"), x, y, wide, high, 7);
  for (let nth = 0; nth < wide / 36; nth++) {
    const [left, top] = [x + 8 + chance() * (wide - 110), y + 6 + chance() * (high - 12)];
    line(pen, "rgb(90 50 20 / 0.3)", 1.6, left, top, left + 40 + chance() * 50, top + (chance() - 0.5) * 3);
  }
  box(pen, "rgb(255 232 196 / 0.42)", x + 3, y + 2, wide - 6, 4, 2);
  for (const at of [70, wide - 70]) if (wide > 400) oval(pen, "#5c5a56", x + at, y + high / 2, 6, 6);
}

/** The torn end of a board. @param {Pen} pen @param {number} x @param {number} y @param {number} to 1 to the right */
function splinters(pen, x, y, to) {
  for (const [at, far, wide] of [
    [3, 34, 8],
    [11, 16, 7],
    [18, 46, 9],
    [26, 22, 7],
  ])
    shape(
      pen,
      at % 2 ? "#e3b583" : "#c88f58",
      x - to * 6,
      y + at,
      x + to * far,
      y + at + wide * 0.4,
      x - to * 6,
      y + at + wide,
    );
  blob(pen, "rgb(60 30 10 / 0.35)", outline(dice(3), x - to * 8, y + 17, 7, 14, 0.3, 9));
}
