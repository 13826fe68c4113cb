// Pictures to send when one has none at hand: drawn here, nothing is fetched.

/** @typedef {"lamp"|"road"|"rubbish"|"water"} Scene */
/** @type {Scene[]} */
export const scenes = ["lamp", "road", "rubbish", "water"];

const [WIDE, HIGH] = [1280, 960];

/** @type {Record<Scene, (pen: CanvasRenderingContext2D) => void>} */
const draw = { lamp, road, rubbish, water };

/** @type {Map<Scene, Promise<File>>} */
const drawn = new Map();

/** A JPEG of the scene, drawn once. @param {Scene} scene @returns {Promise<File>} */
export function picture(scene) {
  const made = drawn.get(scene) ?? drawScene(scene);
  drawn.set(scene, made);
  return made;
}

/** @param {Scene} scene @returns {Promise<File>} */
async function drawScene(scene) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [WIDE, HIGH];
  draw[scene](/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")));
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
  return new File([/** @type {Blob} */ (blob)], `${scene}.jpg`, { type: "image/jpeg" });
}

/** @param {CanvasRenderingContext2D} pen @param {string[]} colours from top to bottom */
function sky(pen, ...colours) {
  const fill = pen.createLinearGradient(0, 0, 0, HIGH);
  colours.forEach((colour, at) => fill.addColorStop(at / (colours.length - 1), colour));
  pen.fillStyle = fill;
  pen.fillRect(0, 0, WIDE, HIGH);
}

/** @param {CanvasRenderingContext2D} pen @param {string} colour @param {number[]} box */
function box(pen, colour, ...box) {
  pen.fillStyle = colour;
  pen.fillRect(box[0], box[1], box[2], box[3]);
}

/** @param {CanvasRenderingContext2D} pen @param {string} colour @param {number[][]} points */
function shape(pen, colour, points) {
  pen.fillStyle = colour;
  pen.beginPath();
  points.forEach(([x, y]) => pen.lineTo(x, y));
  pen.fill();
}

/** @param {CanvasRenderingContext2D} pen @param {string} colour @param {number} x @param {number} y @param {number} rx @param {number} ry */
function oval(pen, colour, x, y, rx, ry) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.ellipse(x, y, rx, ry, 0, 0, 7);
  pen.fill();
}

/** Rows of windows. @param {CanvasRenderingContext2D} pen @param {number} left @param {number} top @param {(row: number, column: number) => string} colour */
function windows(pen, left, top, colour) {
  for (let row = 0; row < 5; row++)
    for (let column = 0; column < 4; column++)
      box(pen, colour(row, column), left + column * 78, top + row * 96, 44, 58);
}

/** @param {CanvasRenderingContext2D} pen */
function lamp(pen) {
  sky(pen, "#232a44", "#3f4766", "#8a7a80");
  box(pen, "#1d2133", 80, 240, 360, 620);
  windows(pen, 120, 290, (row, column) => ((row * 3 + column) % 4 ? "#2b3150" : "#e5b96a"));
  box(pen, "#191c2b", 520, 380, 330, 480);
  windows(pen, 560, 420, (row, column) => ((row + column * 2) % 5 ? "#262b45" : "#d9a85c"));
  box(pen, "#14161f", 0, 840, WIDE, 120);
  box(pen, "#0c0d13", 1010, 250, 22, 640);
  shape(pen, "#0c0d13", [
    [1021, 262],
    [880, 222],
    [880, 240],
    [1021, 290],
  ]);
  oval(pen, "#55596b", 862, 238, 42, 16);
}

/** @param {CanvasRenderingContext2D} pen */
function road(pen) {
  sky(pen, "#c9dbe2", "#e8e4d8", "#d6cfc0");
  shape(pen, "#86a07c", [
    [0, 430],
    [WIDE, 400],
    [WIDE, 560],
    [0, 560],
  ]);
  shape(pen, "#7c7b7a", [
    [430, 480],
    [850, 480],
    [WIDE, HIGH],
    [0, HIGH],
  ]);
  for (let dash = 0; dash < 4; dash++)
    shape(pen, "#e9e5da", [
      [634 - dash * 4, 500 + dash * 120],
      [646 + dash * 4, 500 + dash * 120],
      [652 + dash * 6, 560 + dash * 130],
      [628 - dash * 6, 560 + dash * 130],
    ]);
  oval(pen, "#5d5b59", 470, 770, 190, 62);
  oval(pen, "#3e3c3a", 470, 776, 160, 46);
  oval(pen, "#6f7f88", 486, 786, 96, 22);
}

/** @param {CanvasRenderingContext2D} pen */
function rubbish(pen) {
  sky(pen, "#dfe5e1", "#e8dccb", "#cdb9a0");
  box(pen, "#b98a6c", 0, 260, WIDE, 440);
  for (let row = 0; row < 8; row++)
    for (let brick = 0; brick < 13; brick++)
      box(pen, (row * 5 + brick * 3) % 4 ? "#b0805f" : "#c39878", brick * 104 - (row % 2) * 52, 266 + row * 54, 98, 48);
  box(pen, "#9c9588", 0, 700, WIDE, 260);
  for (const [at, colour] of /** @type {[number, string][]} */ ([
    [300, "#3f6d57"],
    [520, "#3a5f86"],
  ])) {
    shape(pen, colour, [
      [at, 470],
      [at + 180, 470],
      [at + 164, 780],
      [at + 16, 780],
    ]);
    box(pen, "#2c3b3b", at - 10, 448, 200, 28);
  }
  for (const [x, y, r, colour] of /** @type {[number, number, number, string][]} */ ([
    [800, 720, 92, "#37373b"],
    [910, 750, 74, "#4d4b50"],
    [730, 780, 62, "#e4e0d4"],
    [860, 812, 58, "#2f2f33"],
    [985, 800, 50, "#d8cdb6"],
  ]))
    oval(pen, colour, x, y, r, r * 0.82);
}

/** @param {CanvasRenderingContext2D} pen */
function water(pen) {
  sky(pen, "#e4e2dc", "#d8d5cd", "#b9b6ae");
  box(pen, "#cfcac0", 0, 180, WIDE, 460);
  box(pen, "#8d8a85", 0, 640, WIDE, 320);
  box(pen, "#7a8a90", 860, 120, 46, 470);
  box(pen, "#67767c", 846, 400, 74, 40);
  shape(pen, "#a9c9d6", [
    [866, 440],
    [902, 440],
    [1000, 700],
    [740, 700],
  ]);
  oval(pen, "#7fa6b8", 800, 780, 420, 96);
  oval(pen, "#9cc0cf", 780, 772, 320, 62);
  oval(pen, "#c4dde6", 820, 760, 130, 22);
}
