// A map that needs no network: an invented street plan that is the same wherever the same coordinates are drawn.
import { h, svg } from "./dom.js";

/** @typedef {{latitude: number, longitude: number}} Place */

const CELL = 0.0024; // degrees from street to street, about 260 m
const WIDTH = 280;
const HEIGHT = 168;
const SCALE = 70 / CELL; // SVG units a degree

/** A number in [0, 1) that depends only on its arguments. @param {...number} seeds */
function chance(...seeds) {
  let hash = 2166136261;
  for (const seed of seeds) hash = Math.imul(hash ^ (seed | 0), 16777619) ^ (hash >>> 13);
  return ((hash >>> 0) % 9973) / 9973;
}

/** Where street number `index` runs, in degrees. @param {number} index @param {number} axis */
function street(index, axis) {
  return (index + (chance(index, axis) - 0.5) * 0.36) * CELL;
}

/** @param {number} from @param {number} to @returns {number[]} */
function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

/**
 * The streets, a park here and there and a river around a place.
 * @param {Place} centre
 */
function plan(centre) {
  const x = (/** @type {number} */ longitude) => WIDTH / 2 + (longitude - centre.longitude) * SCALE;
  const y = (/** @type {number} */ latitude) => HEIGHT / 2 - (latitude - centre.latitude) * SCALE;
  const columns = range(Math.floor(centre.longitude / CELL) - 3, Math.floor(centre.longitude / CELL) + 4);
  const rows = range(Math.floor(centre.latitude / CELL) - 3, Math.floor(centre.latitude / CELL) + 3);
  const blocks = columns.flatMap((column) => rows.map((row) => block(column, row, x, y)));
  return svg("g", {}, blocks, river(centre, x, y));
}

/**
 * One block of houses or a park between four streets.
 * @param {number} column @param {number} row
 * @param {(longitude: number) => number} x @param {(latitude: number) => number} y
 */
function block(column, row, x, y) {
  const [left, right] = [x(street(column, 1)), x(street(column + 1, 1))];
  const [top, bottom] = [y(street(row + 1, 2)), y(street(row, 2))];
  const gap = chance(column, row, 7) > 0.8 ? 6 : 2.5;
  const kind = chance(column, row, 3) > 0.83 ? "map-park" : "map-block";
  const box = {
    x: left + gap,
    y: top + gap,
    width: Math.max(right - left - 2 * gap, 1),
    height: Math.max(bottom - top - 2 * gap, 1),
    rx: 4,
  };
  return svg("rect", { class: kind, ...box });
}

/** @param {Place} centre @param {(longitude: number) => number} x @param {(latitude: number) => number} y */
function river(centre, x, y) {
  const bend = Math.round(centre.latitude / (CELL * 6)) * CELL * 6 + CELL * 1.1;
  const points = range(-6, 6).map((step) => {
    const longitude = centre.longitude + step * CELL * 0.6;
    return `${x(longitude).toFixed(1)},${y(bend + Math.sin(longitude * 700) * CELL * 0.35).toFixed(1)}`;
  });
  return svg("polyline", { class: "map-river", points: points.join(" ") });
}

/** A pin whose point is at the origin. @param {number} left @param {number} top */
function pin(left, top) {
  const drop = svg("path", { d: "M0 0C-9-11-12-16-12-22a12 12 0 0 1 24 0C12-16 9-11 0 0Z", class: "map-pin" });
  return svg(
    "g",
    { transform: `translate(${left} ${top})` },
    svg("ellipse", { rx: 5, ry: 2, class: "map-shadow" }),
    drop,
    svg("circle", { cy: -22, r: 4.5, class: "map-hole" }),
  );
}

/** @param {Place} place */
export function coordinates(place) {
  return `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
}

/** A small drawing of a place with its pin. @param {Place} place */
export function mapOf(place) {
  const view = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "map", role: "img", "aria-label": coordinates(place) };
  return svg("svg", view, plan(place), pin(WIDTH / 2, HEIGHT / 2));
}

/**
 * A map to choose a place on: a click sets the pin, arrow keys move it.
 * @param {Place} centre
 * @param {(place: Place) => void} chosen hears of each move
 */
export function mapToChoose(centre, chosen) {
  let [left, top] = [WIDTH / 2, HEIGHT / 2];
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "map", "aria-hidden": "true" }, plan(centre));
  let mark = drawing.appendChild(pin(left, top));
  const area = h("div", { class: "map-choose", tabIndex: 0, role: "application", label: "chooseOnMap" }, drawing);
  const move = (/** @type {number} */ across, /** @type {number} */ down) => {
    left = Math.min(Math.max(across, 0), WIDTH);
    top = Math.min(Math.max(down, 0), HEIGHT);
    const moved = pin(left, top);
    mark.replaceWith(moved);
    mark = moved;
    chosen({
      latitude: centre.latitude - (top - HEIGHT / 2) / SCALE,
      longitude: centre.longitude + (left - WIDTH / 2) / SCALE,
    });
  };
  area.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    const box = area.getBoundingClientRect();
    move(((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT);
  });
  area.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }[event.key];
    if (!step) return;
    event.preventDefault();
    move(left + step[0], top + step[1]);
  });
  return area;
}
