// Pictures to send when one has none at hand: painted here by the scenes, nothing is fetched from elsewhere.
import { HIGH, WIDE } from "./scenes/brush.js";

/** @typedef {"lamp"|"road"|"rubbish"|"water"|"pavement"|"bench"} Scene */
/** @type {Scene[]} */
export const scenes = ["lamp", "road", "rubbish", "water", "pavement", "bench"];

/** Width of the small ones that are shown in the menu, px: twice what they take on the screen. */
const SMALL = 176;

/** @type {Map<Scene, Promise<File>>} */
const painted = new Map();
/** @type {Map<Scene, HTMLCanvasElement>} */
const sketched = new Map();

/** A JPEG of the scene, painted once. @param {Scene} scene @returns {Promise<File>} */
export function picture(scene) {
  const made = painted.get(scene) ?? photograph(scene);
  painted.set(scene, made);
  return made;
}

/** A small painting of the scene to choose it by. @param {Scene} scene */
export async function sketch(scene) {
  const made = sketched.get(scene) ?? (await paint(scene, SMALL));
  sketched.set(scene, made);
  return made;
}

/** @param {Scene} scene @returns {Promise<File>} */
async function photograph(scene) {
  const canvas = await paint(scene, WIDE);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.86));
  return new File([/** @type {Blob} */ (blob)], `${scene}.jpg`, { type: "image/jpeg" });
}

/** @param {Scene} scene @param {number} wide px @returns {Promise<HTMLCanvasElement>} */
async function paint(scene, wide) {
  const { paint: onto } = await import(`./scenes/${scene}.js`);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide, (wide * HIGH) / WIDE];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.scale(wide / WIDE, wide / WIDE);
  onto(pen);
  return canvas;
}
