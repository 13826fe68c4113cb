// The buttons under a message and the keyboard that takes the place of the phone's own.
import { h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { languageOf } from "./words.js";

/** @typedef {import("./message.js").Button} Button */

/** @type {Record<string, string>} */
const MARKS = { url: icons.link, web_app: icons.link, copy: icons.copy, contact: icons.contact, location: icons.pin };

/**
 * @param {import("./message.js").Message} message
 * @param {Pick<import("./message.js").Hands, "press">} hands
 */
export function inlineKeyboard(message, hands) {
  if (!message.buttons.length) return null;
  return rows("keys", "buttons", message.buttons, (button) => hands.press(message, button));
}

/**
 * @param {Button[][]} buttons
 * @param {(button: Button) => Promise<void>} press
 */
export function replyKeyboard(buttons, press) {
  return rows("reply-keys", "replyKeyboard", buttons, press);
}

/** @param {string} kind @param {string} label @param {Button[][]} buttons @param {(button: Button) => Promise<void>} press */
function rows(kind, label, buttons, press) {
  const lines = buttons.map((row) =>
    h(
      "div",
      { class: "keys-row" },
      row.map((button) => key(button, () => press(button))),
    ),
  );
  return h("div", { class: kind, role: "group", label }, lines);
}

/** A button that is busy from the press until the bot has answered. @param {Button} button @param {() => Promise<void>} press */
function key(button, press) {
  const mark = MARKS[button.kind];
  const node = h(
    "button",
    { type: "button", class: "key", data: { style: button.style ?? "" } },
    h("span", { lang: languageOf(button.label) }, button.label),
    mark && stroke(mark),
  );
  node.addEventListener("click", async () => {
    if (node.getAttribute("aria-busy") === "true") return;
    node.setAttribute("aria-busy", "true");
    try {
      await press();
    } finally {
      node.removeAttribute("aria-busy");
    }
  });
  return node;
}
