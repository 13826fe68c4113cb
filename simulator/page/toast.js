// What a phone shows over its chat for a moment: the bot's answer to a press, a link it wants opened.
import { h } from "./dom.js";
import { say } from "./words.js";

/** Reading time: a second and a bit for each ten characters, ms. @param {string} text */
function readingTime(text) {
  return Math.min(2200 + text.length * 110, 9000);
}

/** @param {HTMLElement} screen */
export function createNotices(screen) {
  const place = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
  screen.append(place);

  /** @param {string} text */
  function toast(text) {
    const node = h("p", { class: "toast" }, text);
    node.addEventListener("click", () => node.remove());
    place.replaceChildren(node);
    setTimeout(() => node.remove(), readingTime(text));
  }

  /** An alert stays until it is closed; it covers its own phone only. @param {string} text @param {Node[]} buttons */
  function card(text, buttons = []) {
    const back = /** @type {HTMLElement|null} */ (document.activeElement);
    const close = h("button", { type: "button", class: "button main", word: "ok" });
    const box = h(
      "div",
      { class: "alert", role: "alertdialog", "aria-label": text },
      h("div", { class: "alert-card" }, h("p", {}, text), h("div", { class: "dialog-end" }, buttons, close)),
    );
    const leave = () => {
      box.remove();
      back?.focus?.({ preventScroll: true });
    };
    close.addEventListener("click", leave);
    box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && leave());
    screen.append(box);
    close.focus({ preventScroll: true });
  }

  /** @param {string} url */
  function link(url) {
    const open = h(
      "a",
      { class: "button", href: url, target: "_blank", rel: "noopener noreferrer" },
      new URL(url, location.href).hostname || url,
    );
    card(`${say("openLink")}\n${url}`, /^https?:/i.test(url) ? [open] : []);
  }

  return {
    toast,
    link,
    answer: (/** @type {string} */ text, /** @type {boolean} */ alert) => (alert ? card(text) : toast(text)),
  };
}
