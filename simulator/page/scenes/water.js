// A pipe on a wall that has burst at its joint: a spray, a stain and a pool.
import {
  blended,
  blob,
  box,
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

const GROUND = 660;

/** @param {Pen} pen */
export function paint(pen) {
  const chance = dice(47);
  wall(pen, chance);
  floor(pen, chance);
  pool(pen, chance);
  pipes(pen);
  spray(pen, chance);
  finish(pen, 0.36);
}

/** Plaster above, tiles below, and the wet running down. @param {Pen} pen @param {() => number} chance */
function wall(pen, chance) {
  box(pen, fade(pen, [0, 0, WIDE, 300], "#e8e1d2", "#d9d0be", "#bdb29e"), 0, 0, WIDE, GROUND);
  specks(pen, chance, ["rgb(120 105 85 / 0.12)", "rgb(255 252 240 / 0.25)"], 2600, [0, 0, WIDE, GROUND], 8);
  for (let row = 0; row < 4; row++)
    for (let tile = 0; tile < 15; tile++) {
      const shade = 214 + Math.floor(chance() * 16);
      box(pen, `rgb(${shade - 16} ${shade - 2} ${shade - 4})`, tile * 88 + 2, 388 + row * 68 + 2, 84, 64, 4);
      box(pen, "rgb(255 255 255 / 0.3)", tile * 88 + 6, 388 + row * 68 + 5, 76, 5, 3);
    }
  soft(pen, 16, (pen) => {
    blob(pen, "rgb(104 88 62 / 0.4)", outline(chance, 815, 320, 150, 130, 0.5));
    shape(pen, "rgb(90 92 84 / 0.34)", 730, 380, 930, 380, 990, GROUND, 690, GROUND);
  });
  for (let nth = 0; nth < 22; nth++) {
    const x = 720 + chance() * 230;
    line(
      pen,
      `rgb(80 84 78 / ${0.08 + chance() * 0.14})`,
      2 + chance() * 6,
      x,
      400 + chance() * 60,
      x + chance() * 8,
      GROUND - chance() * 90,
    );
  }
  for (let nth = 0; nth < 5; nth++) {
    const y = 120 + chance() * 230;
    line(
      pen,
      "rgb(110 96 76 / 0.45)",
      2,
      180 + nth * 70,
      y,
      215 + nth * 70,
      y + 20,
      222 + nth * 70,
      y + 52,
      250 + nth * 70,
      y + 70,
    );
  }
}

/** @param {Pen} pen @param {() => number} chance */
function floor(pen, chance) {
  box(pen, fade(pen, [0, GROUND, 0, HIGH], "#8f8b84", "#a39f97", "#8a867f"), 0, GROUND, WIDE, HIGH - GROUND);
  for (const y of [690, 738, 812, 916]) line(pen, "rgb(60 58 54 / 0.4)", 3, 0, y, WIDE, y);
  for (let at = -6; at < 14; at++)
    line(pen, "rgb(60 58 54 / 0.34)", 3, 640 + (at - 4) * 130, GROUND, 640 + (at - 4) * 300, HIGH);
  specks(pen, chance, ["rgb(50 48 46 / 0.3)", "rgb(240 238 232 / 0.3)"], 1800, [0, GROUND, WIDE, 300], 5);
  box(pen, fade(pen, [0, GROUND, 0, GROUND + 46], "rgb(30 28 26 / 0.5)", "rgb(30 28 26 / 0)"), 0, GROUND, WIDE, 46);
  box(pen, "#c9c1b2", 0, GROUND - 16, WIDE, 18);
}

/** @param {Pen} pen @param {() => number} chance */
function pool(pen, chance) {
  const edge = outline(chance, 770, 800, 430, 106, 0.2, 26);
  soft(pen, 9, (pen) => blob(pen, "rgb(46 56 62 / 0.5)", edge));
  blob(pen, fade(pen, [0, 700, 0, 900], "#6f8791", "#9fb8c2", "#7d98a4", "#5d7681"), edge);
  pen.save();
  pen.beginPath();
  for (const [x, y] of edge) pen.lineTo(x, y);
  pen.clip();
  soft(pen, 7, (pen) => {
    box(pen, "rgb(70 84 92 / 0.5)", 862, 690, 46, 190);
    box(pen, "rgb(236 232 220 / 0.45)", 400, 704, 330, 40);
    box(pen, "rgb(236 232 220 / 0.25)", 980, 716, 190, 60);
  });
  for (const [x, y, r] of [
    [700, 786, 90],
    [700, 786, 58],
    [700, 786, 28],
    [880, 836, 60],
    [880, 836, 32],
    [560, 830, 40],
  ]) {
    Object.assign(pen, { strokeStyle: "rgb(240 248 252 / 0.6)", lineWidth: 3 });
    pen.beginPath();
    pen.ellipse(x, y, r, r * 0.26, 0, 0, 7);
    pen.stroke();
    pen.strokeStyle = "rgb(50 70 82 / 0.35)";
    pen.beginPath();
    pen.ellipse(x, y + 3, r + 3, r * 0.27, 0, 0, 7);
    pen.stroke();
  }
  pen.restore();
}

/** @param {Pen} pen */
function pipes(pen) {
  const round = (/** @type {number} */ x, /** @type {number} */ wide) =>
    fade(pen, [x, 0, x + wide, 0], "#59656c", "#a9b7bd", "#dfe7ea", "#8b9aa1", "#4c575d");
  soft(pen, 12, (pen) => box(pen, "rgb(40 36 30 / 0.4)", 884, 0, 56, GROUND));
  box(pen, round(860, 52), 860, 0, 52, GROUND + 6);
  box(pen, round(300, 30), 300, 0, 30, GROUND);
  for (const y of [90, 560]) {
    box(pen, "#6b6f70", 838, y, 96, 20, 4);
    box(pen, "rgb(255 255 255 / 0.3)", 838, y + 2, 96, 4, 2);
  }
  box(pen, round(846, 80), 846, 288, 80, 96, 8);
  for (const y of [288, 366]) box(pen, "rgb(40 48 52 / 0.5)", 846, y, 80, 6, 3);
  shape(pen, "#8a4a28", 846, 330, 872, 322, 900, 340, 926, 334, 926, 352, 890, 362, 846, 356);
  line(pen, "#20140c", 5, 850, 344, 872, 334, 890, 348, 916, 340);
  oval(pen, fade(pen, [0, 190, 0, 250], "#c9503c", "#8e2f20"), 886, 214, 44, 44);
  oval(pen, "#b9c3c7", 886, 214, 17, 17);
  for (const turn of [0.4, 1.97, 3.54, 5.11])
    line(
      pen,
      "#8e2f20",
      9,
      886 + Math.cos(turn) * 14,
      214 + Math.sin(turn) * 14,
      886 + Math.cos(turn) * 38,
      214 + Math.sin(turn) * 38,
    );
}

/** @param {Pen} pen @param {() => number} chance */
function spray(pen, chance) {
  blended(pen, "screen", () => {
    soft(pen, 9, (pen) => {
      for (let nth = 0; nth < 30; nth++) jet(pen, chance, 13, "rgb(214 234 244 / 0.16)");
    });
    soft(pen, 1, (pen) => {
      for (let nth = 0; nth < 70; nth++) jet(pen, chance, 2.6, "rgb(240 250 255 / 0.4)");
    });
  });
  for (let nth = 0; nth < 240; nth++) {
    const along = chance();
    const [x, y] = [866 - along * (70 + chance() * 330), 350 + along * along * 430 + (chance() - 0.6) * 120 * along];
    const r = 1 + chance() * 4.2;
    oval(pen, "rgb(244 251 255 / 0.85)", x, y, r, r * 1.25);
    oval(pen, "rgb(90 120 136 / 0.35)", x + r * 0.3, y + r * 0.6, r * 0.6, r * 0.4);
  }
  soft(pen, 6, (pen) => {
    for (let nth = 0; nth < 20; nth++)
      oval(pen, "rgb(240 249 253 / 0.34)", 560 + chance() * 320, 770 + chance() * 46, 26 + chance() * 30, 9);
  });
}

/** One curve of water from the crack to the floor. @param {Pen} pen @param {() => number} chance @param {number} wide @param {string} paint */
function jet(pen, chance, wide, paint) {
  const far = 60 + chance() * 290;
  Object.assign(pen, { strokeStyle: paint, lineWidth: wide * (0.5 + chance()), lineCap: "round" });
  pen.beginPath();
  pen.moveTo(866, 344 + chance() * 8);
  pen.quadraticCurveTo(866 - far * 0.75, 300 + chance() * 90, 866 - far, 790 + chance() * 40);
  pen.stroke();
}
