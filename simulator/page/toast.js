// What a phone shows over its chat for a moment: the bot's answer to a press, a link it wants opened.
import { h } from "./dom.js";
import { languageOf, say } from "./words.js";

let cards = 0;

/** Reading time: a second and a bit for each ten characters, ms. @param {string} text */
function readingTime(text) {
  return Math.min(2200 + text.length * 110, 9000);
}

/** Keeps the focus among the buttons of a card. @param {KeyboardEvent} event @param {any[]} buttons */
function hold(event, buttons) {
  const at = buttons.indexOf(document.activeElement) + (event.shiftKey ? -1 : 1);
  event.preventDefault();
  buttons.at(at % buttons.length).focus();
}

/** @param {HTMLElement} screen */
export function createNotices(screen) {
  const place = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
  screen.querySelector(".wall")?.append(place);

  /** @param {string} text */
  function toast(text) {
    const node = h("p", { class: "toast", lang: languageOf(text) }, text);
    node.addEventListener("click", () => node.remove());
    place.replaceChildren(node);
    setTimeout(() => node.remove(), readingTime(text));
  }

  /** An alert stays until it is closed; it covers its own phone only. @param {string} text @param {Node[]} buttons */
  function card(text, buttons = []) {
    const back = /** @type {HTMLElement|null} */ (document.activeElement);
    const close = h("button", { type: "button", class: "button main", word: "ok" });
    const id = `card-${++cards}`;
    const words = h("p", { id, lang: languageOf(text) }, text);
    const box = h(
      "div",
      { class: "alert", role: "alertdialog", label: "botSays", "aria-describedby": id },
      h("div", { class: "alert-card" }, words, h("div", { class: "dialog-end" }, buttons, close)),
    );
    const behind = [...screen.children].filter((part) => !part.classList.contains("alert"));
    const leave = () => {
      box.remove();
      if (!screen.querySelector(".alert")) behind.forEach((part) => part.removeAttribute("inert"));
      const home = back?.isConnected && screen.contains(back) ? back : screen.querySelector(".log");
      /** @type {HTMLElement|null} */ (home)?.focus({ preventScroll: true });
    };
    close.addEventListener("click", leave);
    box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") leave();
      if (event.key === "Tab") hold(event, [...buttons, close]);
    });
    behind.forEach((part) => part.setAttribute("inert", ""));
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
