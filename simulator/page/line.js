// The line above the phones: that the page is connecting, that the place wakes up, that the connection is lost.
import { say } from "./words.js";

/**
 * A screen reader hears the words once, and how far something is not at all.
 * @param {HTMLElement} line @param {HTMLElement} progress
 */
export function createLine(line, progress) {
  const words = /** @type {HTMLElement} */ (line.firstElementChild);

  /** @param {string|null} word null takes the line away @param {string} [far] */
  function tell(word, far = "") {
    line.hidden = !word;
    progress.textContent = far;
    if (words.dataset.word === word) return;
    if (word) words.dataset.word = word;
    else delete words.dataset.word;
    words.textContent = word ? say(word) : "";
  }

  return { tell, says: () => words.dataset.word, root: line };
}
