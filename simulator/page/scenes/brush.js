// What the sample pictures are painted with: shapes, soft light, textures that are the same every time.

/** What a scene is painted on, in its own units; the canvas may be smaller. */
export const [WIDE, HIGH] = [1280, 960];

/** @typedef {CanvasRenderingContext2D} Pen */
/** @typedef {[number, number]} Point */
/** @typedef {string|CanvasGradient} Paint */

/** Numbers in [0, 1) that are the same for the same seed. @param {number} seed @returns {() => number} */
export function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A gradient from one point to another. @param {Pen} pen @param {number[]} line x, y, x, y @param {...string} colours */
export function fade(pen, line, ...colours) {
  return stops(pen.createLinearGradient(line[0], line[1], line[2], line[3]), colours);
}

/** A gradient around a point. @param {Pen} pen @param {number} x @param {number} y @param {number} r @param {...string} colours */
export function halo(pen, x, y, r, ...colours) {
  return stops(pen.createRadialGradient(x, y, 0, x, y, r), colours);
}

/** @param {CanvasGradient} paint @param {string[]} colours */
function stops(paint, colours) {
  colours.forEach((colour, at) => paint.addColorStop(at / (colours.length - 1), colour));
  return paint;
}

/** @param {Pen} pen @param {Paint} paint @param {number} x @param {number} y @param {number} width @param {number} height @param {number} [corner] */
export function box(pen, paint, x, y, width, height, corner = 0) {
  pen.fillStyle = paint;
  pen.beginPath();
  pen.roundRect(x, y, width, height, corner);
  pen.fill();
}

/** @param {Pen} pen @param {Paint} paint @param {number[]} points x, y, x, y, … */
export function shape(pen, paint, ...points) {
  pen.fillStyle = paint;
  pen.beginPath();
  for (let at = 0; at < points.length; at += 2) pen.lineTo(points[at], points[at + 1]);
  pen.fill();
}

/** @param {Pen} pen @param {Paint} paint @param {number} x @param {number} y @param {number} rx @param {number} [ry] */
export function oval(pen, paint, x, y, rx, ry = rx) {
  pen.fillStyle = paint;
  pen.beginPath();
  pen.ellipse(x, y, rx, ry, 0, 0, 7);
  pen.fill();
}

/** @param {Pen} pen @param {Paint} paint @param {number} width @param {number[]} points x, y, x, y, … */
export function line(pen, paint, width, ...points) {
  Object.assign(pen, { strokeStyle: paint, lineWidth: width, lineCap: "round", lineJoin: "round" });
  pen.beginPath();
  for (let at = 0; at < points.length; at += 2) pen.lineTo(points[at], points[at + 1]);
  pen.stroke();
}

/**
 * The points of a round outline that is nowhere quite round.
 * @param {() => number} chance @param {number} x @param {number} y @param {number} rx @param {number} ry
 * @param {number} rough 0 is an ellipse @param {number} [corners]
 */
export function outline(chance, x, y, rx, ry, rough, corners = 18) {
  return Array.from({ length: corners }, (_, at) => {
    const angle = (at / corners) * 2 * Math.PI;
    const far = 1 + (chance() - 0.5) * rough;
    return /** @type {Point} */ ([x + Math.cos(angle) * rx * far, y + Math.sin(angle) * ry * far]);
  });
}

/** Fills a closed curve through the middles between points. @param {Pen} pen @param {Paint} paint @param {Point[]} points */
export function blob(pen, paint, points) {
  const between = (/** @type {Point} */ a, /** @type {Point} */ b) =>
    /** @type {Point} */ ([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]);
  pen.fillStyle = paint;
  pen.beginPath();
  pen.moveTo(...between(points[points.length - 1], points[0]));
  points.forEach((point, at) => pen.quadraticCurveTo(...point, ...between(point, points[(at + 1) % points.length])));
  pen.fill();
}

/**
 * Paints out of focus: onto a canvas of half the size, which is then laid over the picture.
 * @param {Pen} pen @param {number} blur px @param {(pen: Pen) => void} paint
 */
export function soft(pen, blur, paint) {
  const layer = document.createElement("canvas");
  [layer.width, layer.height] = [pen.canvas.width / 2, pen.canvas.height / 2];
  const onto = /** @type {Pen} */ (layer.getContext("2d"));
  onto.setTransform(new DOMMatrix().scale(0.5).multiply(pen.getTransform()));
  paint(onto);
  pen.save();
  pen.filter = `blur(${(blur * pen.canvas.width) / WIDE}px)`;
  pen.resetTransform();
  pen.drawImage(layer, 0, 0, pen.canvas.width, pen.canvas.height);
  pen.restore();
}

/** Light that is added, or shade that is taken away. @param {Pen} pen @param {GlobalCompositeOperation} how @param {() => void} paint */
export function blended(pen, how, paint) {
  pen.save();
  pen.globalCompositeOperation = how;
  paint();
  pen.restore();
}

/**
 * Specks on a surface, smaller towards the horizon at its top.
 * @param {Pen} pen @param {() => number} chance @param {string[]} colours @param {number} count
 * @param {number[]} where x, y, width, height @param {number} size px of the nearest
 */
export function specks(pen, chance, colours, count, [x, y, width, height], size) {
  for (let nth = 0; nth < count; nth++) {
    const deep = chance();
    const near = 0.25 + 0.75 * deep;
    const paint = colours[Math.floor(chance() * colours.length)];
    oval(pen, paint, x + chance() * width, y + deep * height, size * near * (0.4 + chance()), size * near * 0.45);
  }
}

/** A tree's crown: many leaves' shades, lit from the upper left. @param {Pen} pen @param {() => number} chance @param {number} x @param {number} y @param {number} r @param {string[]} greens dark to light */
export function crown(pen, chance, x, y, r, greens) {
  greens.forEach((green, at) => {
    const lift = (at / greens.length) * r * 0.32;
    for (let nth = 0; nth < 26; nth++) {
      const [angle, far] = [chance() * 7, Math.sqrt(chance()) * r * (1 - at * 0.13)];
      const size = r * (0.12 + chance() * 0.16);
      const [left, top] = [x - lift * 0.6 + Math.cos(angle) * far, y - lift + Math.sin(angle) * far * 0.82];
      blob(pen, green, outline(chance, left, top, size, size * 0.8, 0.5, 9));
    }
  });
}

/** What makes it a photograph: darker corners and grain. @param {Pen} pen @param {number} [dark] of the corners */
export function finish(pen, dark = 0.34) {
  const edge = pen.createRadialGradient(WIDE / 2, HIGH / 2, HIGH * 0.42, WIDE / 2, HIGH / 2, HIGH * 0.95);
  edge.addColorStop(0, "rgb(0 0 0 / 0)");
  edge.addColorStop(1, `rgb(10 8 14 / ${dark})`);
  box(pen, edge, 0, 0, WIDE, HIGH);
  const picture = pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);
  const chance = dice(7);
  for (let at = 0; at < picture.data.length; at += 4) {
    const grain = (chance() - 0.5) * 9;
    for (const part of [0, 1, 2]) picture.data[at + part] += grain;
  }
  pen.putImageData(picture, 0, 0);
}
