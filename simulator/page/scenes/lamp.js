// A street at night: far lamps are lit, the near one is dark and its cover hangs.
import {
  blended,
  blob,
  box,
  crown,
  dice,
  fade,
  finish,
  halo,
  HIGH,
  line,
  outline,
  oval,
  shape,
  soft,
  WIDE,
} from "./brush.js";

/** @typedef {import("./brush.js").Pen} Pen */

const GROUND = 690;

/** @param {Pen} pen */
export function paint(pen) {
  const chance = dice(11);
  box(pen, fade(pen, [0, 0, 0, GROUND], "#0d1530", "#1d2748", "#3a3a5c", "#6b5566"), 0, 0, WIDE, GROUND);
  for (let nth = 0; nth < 70; nth++)
    oval(pen, `rgb(235 238 255 / ${0.15 + chance() * 0.5})`, chance() * WIDE, chance() * 360, 0.6 + chance() * 1.1);
  soft(pen, 2, (pen) => far(pen, chance));
  house(pen, chance, { left: 40, top: 190, wide: 330, floors: 8, columns: 5, wall: "#20253c", lit: 0.34 });
  house(pen, chance, { left: 410, top: 300, wide: 300, floors: 6, columns: 5, wall: "#1a1f35", lit: 0.3 });
  street(pen, chance);
  for (const [x, tall] of [
    [742, 150],
    [806, 205],
    [902, 290],
  ])
    litLamp(pen, x, tall);
  crown(pen, chance, 110, 470, 210, ["#0c1420", "#111b27", "#17232c"]);
  box(pen, "#0b1018", 96, 560, 26, 210);
  darkLamp(pen);
  finish(pen, 0.5);
}

/** The town behind, out of focus. @param {Pen} pen @param {() => number} chance */
function far(pen, chance) {
  for (let x = 640; x < WIDE; x += 84) {
    const top = 430 + chance() * 130;
    box(pen, "#262a45", x, top, 78, GROUND - top);
    for (let nth = 0; nth < 14; nth++)
      if (chance() > 0.55) box(pen, "#c99a5b", x + 10 + (nth % 4) * 16, top + 16 + Math.floor(nth / 4) * 30, 8, 12);
  }
}

/**
 * A block of flats with balconies and curtains.
 * @param {Pen} pen @param {() => number} chance
 * @param {{left: number, top: number, wide: number, floors: number, columns: number, wall: string, lit: number}} how
 */
function house(pen, chance, { left, top, wide, floors, columns, wall, lit }) {
  box(pen, fade(pen, [left, 0, left + wide, 0], wall, "#151a2e"), left, top, wide, GROUND - top);
  box(pen, "#2d334f", left - 6, top - 10, wide + 12, 14);
  const [across, down] = [wide / columns, (GROUND - top - 30) / floors];
  /** @type {number[][]} */
  const shining = [];
  for (let floor = 0; floor < floors; floor++) {
    box(pen, "rgb(255 255 255 / 0.05)", left, top + 20 + floor * down, wide, 3);
    for (let column = 0; column < columns; column++) {
      const at = [left + column * across + across * 0.2, top + 32 + floor * down, across * 0.6, down * 0.58];
      if (pane(pen, chance, at[0], at[1], at[2], at[3], lit)) shining.push(at);
    }
  }
  blended(pen, "lighter", () =>
    soft(pen, 12, (pen) =>
      shining.forEach(([x, y, across, down]) => box(pen, "rgb(240 190 110 / 0.3)", x - 4, y - 4, across + 8, down + 8)),
    ),
  );
}

/** One window; whether it is lit. @param {Pen} pen @param {() => number} chance @param {number} x @param {number} y @param {number} wide @param {number} high @param {number} lit how many are */
function pane(pen, chance, x, y, wide, high, lit) {
  const bright = chance() < lit;
  const warm = ["#f2c671", "#e9b25f", "#f6d79a", "#cfe0e6"][Math.floor(chance() * 4)];
  box(pen, bright ? fade(pen, [0, y, 0, y + high], warm, "#c98c45") : "#111629", x, y, wide, high);
  if (bright && chance() > 0.4) box(pen, "rgb(120 60 40 / 0.35)", x, y, wide * (0.2 + chance() * 0.2), high);
  box(pen, "rgb(10 14 28 / 0.8)", x + wide / 2 - 1.5, y, 3, high);
  box(pen, "rgb(255 255 255 / 0.1)", x - 3, y + high, wide + 6, 3);
  return bright;
}

/** Asphalt, kerb and the light that lies on it. @param {Pen} pen @param {() => number} chance */
function street(pen, chance) {
  box(pen, fade(pen, [0, GROUND, 0, HIGH], "#34333f", "#1c1d27", "#101118"), 0, GROUND, WIDE, HIGH - GROUND);
  shape(pen, "#2a2a34", 0, 760, 690, GROUND, 730, GROUND, 330, HIGH, 0, HIGH);
  shape(pen, "#3b3a45", 690, GROUND, 730, GROUND, 330, HIGH, 290, HIGH);
  for (let nth = 0; nth < 900; nth++)
    oval(pen, `rgb(255 240 210 / ${chance() * 0.07})`, chance() * WIDE, GROUND + chance() * 270, 1 + chance() * 2, 1);
  soft(pen, 18, (pen) => {
    shape(pen, "rgb(255 196 110 / 0.28)", 700, GROUND, 960, GROUND, 1120, 800, 640, 800);
    shape(pen, "rgb(255 205 130 / 0.16)", 60, 720, 380, GROUND, 420, 760, 120, 830);
  });
  for (const [x, y, wide] of [
    [905, 712, 4],
    [930, 770, 7],
    [970, 860, 12],
  ])
    shape(pen, "rgb(230 225 210 / 0.4)", x, y, x + wide * 2, y, x + wide * 4, y + wide * 5, x + wide, y + wide * 5);
}

/** A lamp that shines. @param {Pen} pen @param {number} x @param {number} tall px */
function litLamp(pen, x, tall) {
  const top = GROUND + 8 - tall;
  line(pen, "#191b26", tall / 34, x, GROUND + 12, x, top, x - tall * 0.16, top - 3);
  blended(pen, "lighter", () => {
    const [left, r] = [x - tall * 0.15, tall * 0.9];
    box(
      pen,
      halo(pen, left, top + 4, r, "rgb(255 205 120 / 0.5)", "rgb(255 180 90 / 0.1)", "rgb(0 0 0 / 0)"),
      left - r,
      top - r,
      r * 2,
      r * 2,
    );
    soft(pen, 8, (pen) =>
      shape(
        pen,
        "rgb(255 200 120 / 0.1)",
        left - 6,
        top,
        left + 6,
        top,
        left + tall * 0.4,
        GROUND + 26,
        left - tall * 0.4,
        GROUND + 26,
      ),
    );
    oval(pen, "#fff0cf", left, top + 3, tall * 0.045, tall * 0.022);
  });
}

/** The one that is out, near and against the sky. @param {Pen} pen */
function darkLamp(pen) {
  const pole = fade(pen, [1066, 0, 1094, 0], "#05070c", "#39404f", "#0c0f17");
  shape(pen, pole, 1072, 150, 1088, 150, 1096, HIGH, 1064, HIGH);
  box(pen, "#0c1018", 1050, 880, 60, 80, 6);
  box(pen, "#232937", 1058, 730, 44, 58, 4);
  pen.save();
  pen.translate(1080, 156);
  Object.assign(pen, { strokeStyle: "#232a38", lineWidth: 13, lineCap: "round" });
  pen.beginPath();
  pen.moveTo(0, 0);
  pen.quadraticCurveTo(-60, -66, -196, -58);
  pen.stroke();
  pen.restore();
  pen.save();
  pen.translate(846, 98);
  pen.rotate(-0.06);
  blob(pen, fade(pen, [0, -26, 0, 26], "#4b5364", "#1b212d"), outline(dice(2), 0, 0, 78, 25, 0, 22));
  box(pen, "#0a0d14", -58, 8, 116, 9, 4);
  oval(pen, "rgb(190 200 220 / 0.16)", -14, -10, 44, 5);
  pen.restore();
  line(pen, "#11151f", 3, 800, 116, 796, 150);
  pen.save();
  pen.translate(796, 150);
  pen.rotate(0.5);
  box(pen, "rgb(150 165 190 / 0.35)", -4, 0, 88, 15, 7);
  line(pen, "rgb(220 230 245 / 0.4)", 2, 4, 3, 76, 3);
  pen.restore();
}
