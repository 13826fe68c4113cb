// One message of a chat, or an album as one, from the simulator's JSON to an element.
import { h, stroke } from "./dom.js";
import { formatted } from "./entities.js";
import { icons } from "./icons.js";
import { inlineKeyboard } from "./keyboard.js";
import { mediaOf, pictures } from "./media.js";
import { dated, languageOf, say } from "./words.js";

/**
 * @typedef {object} Message as GET /sim/people/{id}/chat lists it
 * @property {number} message_id
 * @property {{id: number, name: string, is_bot: boolean}} from
 * @property {boolean} mine
 * @property {string} date ISO 8601
 * @property {boolean} edited
 * @property {string} text words or caption
 * @property {import("./entities.js").Entity[]} entities
 * @property {any} media
 * @property {string|null} album
 * @property {{message_id: number, text: string, from: string}|null} reply_to
 * @property {{type: string, name: string, signature: string|null}|null} forwarded where it was forwarded from
 * @property {boolean} caption_above the words stand above the picture
 * @property {string|null} service
 * @property {string|null} subject who came into the group or left it
 * @property {Array<Array<Button>>} buttons
 * @property {boolean} read the other side has it
 * @property {boolean} waiting a press has not been answered yet
 * @property {any[]} toasts answers to presses
 */
/** @typedef {{label: string, kind: string, row: number, column: number, style?: string, url?: string, data?: string}} Button */
/**
 * @typedef {object} Hands what can be done with a message
 * @property {(text: string) => void} command
 * @property {(url: string) => void} link
 * @property {(message: Message, button: Button) => Promise<void>} press
 * @property {(message: Message, at: HTMLElement) => void} menu
 * @property {(message: Message) => void} reply
 * @property {(messageId: number) => void} show scrolls to a message and marks it
 * @property {import("./media.js").Address} address
 */
/**
 * @typedef {object} Setting
 * @property {string|undefined} zone
 * @property {boolean} group names are shown above others' messages
 * @property {(id: number) => Message|undefined} find a message of the same chat
 * @property {boolean} tail the last of several in a row by one sender
 */

/**
 * @param {Message[]} messages one message, or the messages of an album
 * @param {Setting} setting
 * @param {Hands} hands
 * @returns {HTMLElement}
 */
export function messageElement(messages, setting, hands) {
  const [message] = messages;
  if (message.service) return serviceLine(message);
  const bubble = h("div", { class: "bubble" }, inside(messages, setting, hands));
  const block = h("div", { class: "block" }, bubble, inlineKeyboard(message, hands));
  const kinds = [
    message.mine ? "mine" : "theirs",
    setting.tail && "tail",
    isBare(messages) && "bare",
    messages.every((one) => !one.text) && "wordless",
    message.caption_above && message.text && "captioned",
  ].filter(Boolean);
  const row = h(
    "li",
    {
      class: `row ${kinds.join(" ")}`,
      data: { id: String(message.message_id) },
      "aria-label": `${message.from.name}: ${summary(worded(messages))}`,
    },
    block,
    tools(message, hands),
  );
  row.addEventListener("dblclick", (/** @type {Event} */ event) => onWords(event) && hands.reply(message));
  return row;
}

/** The message of an album that has the words. @param {Message[]} messages */
function worded(messages) {
  return messages.find((one) => one.text) ?? messages[0];
}

/** Pictures or a map without words: they reach the bubble's edge. @param {Message[]} messages */
function isBare(messages) {
  const [{ media, reply_to: reply, forwarded }] = messages;
  return (
    ["photo", "location"].includes(media?.kind) && !reply && !forwarded && messages.every((message) => !message.text)
  );
}

/** @param {Event} event */
function onWords(event) {
  return !(/** @type {HTMLElement} */ (event.target).closest("button,a,audio,video,input,.spoiler"));
}

/** @param {Message[]} messages @param {Setting} setting @param {Hands} hands */
function inside(messages, setting, hands) {
  const [message] = messages;
  const worded = messages.find((one) => one.text);
  const words =
    worded &&
    h(
      "div",
      { class: "words", dir: "auto", lang: languageOf(worded.text) },
      formatted(worded.text, worded.entities, hands),
    );
  const media = messages.length > 1 ? pictures(messages, hands.address) : mediaOf(message, hands.address);
  const head = [sender(message, setting), origin(message), quote(message, setting, hands)];
  const end = foot(messages[messages.length - 1], setting);
  if (message.caption_above && words)
    return [...head, h("div", { class: "body above" }, words), media, h("div", { class: "body" }, end)];
  return [...head, media, h("div", { class: "body" }, words, end)];
}

/** Where a message was forwarded from, and who signed it there. @param {Message} message */
function origin({ forwarded }) {
  if (!forwarded) return null;
  const { name, signature } = forwarded;
  const words = say("forwardedFrom", { name: signature ? `${name} (${signature})` : name });
  return h("p", { class: "origin", dir: "auto" }, words);
}

/** @param {Message} message @param {Setting} setting */
function sender(message, setting) {
  if (setting.group && !message.mine) return h("p", { class: "sender" }, message.from.name);
  return h("span", { class: "visually-hidden" }, `${message.from.name}: `);
}

/** @param {Message} message @param {Setting} setting @param {Hands} hands */
function quote(message, setting, hands) {
  const reply = message.reply_to;
  if (!reply) return null;
  const replied = setting.find(reply.message_id);
  const words = h(
    "span",
    { class: "quote-words" },
    replied ? summary(replied) : reply.text.replace(/\s+/g, " ") || "…",
  );
  return h(
    "button",
    { type: "button", class: "quote", on: { click: () => hands.show(reply.message_id) } },
    h("b", {}, reply.from),
    words,
  );
}

/** A message in a few words. @param {Message} message */
export function summary(message) {
  const kind = message.media?.kind;
  return message.text.replace(/\s+/g, " ").slice(0, 120) || (kind ? say(`media.${kind}`) : "…");
}

/** @param {Message} message @param {Setting} setting */
function foot(message, setting) {
  const time = dated(new Date(message.date), setting.zone, { hour: "2-digit", minute: "2-digit" });
  return h(
    "p",
    { class: "foot" },
    message.edited && h("span", {}, say("edited")),
    h("time", { dateTime: message.date }, time),
    ticks(message),
  );
}

/** @param {Message} message */
function ticks(message) {
  if (!message.mine) return null;
  const words = say(message.read ? "seen" : "sent");
  return h(
    "span",
    { class: "ticks", title: words },
    stroke(message.read ? icons.checks : icons.check),
    h("span", { class: "visually-hidden" }, words),
  );
}

/** The two small buttons beside a message. @param {Message} message @param {Hands} hands */
function tools(message, hands) {
  const reply = h(
    "button",
    { type: "button", class: "tool", label: "reply", on: { click: () => hands.reply(message) } },
    stroke(icons.reply),
  );
  const more = h(
    "button",
    { type: "button", class: "tool more", label: "moreFor", "aria-haspopup": "menu", "aria-expanded": "false" },
    stroke(icons.more),
  );
  more.addEventListener("click", () => hands.menu(message, more));
  return h("div", { class: "tools-of-message" }, reply, more);
}

/** @param {Message} message */
function serviceLine(message) {
  return h(
    "li",
    { class: "service", data: { id: String(message.message_id) } },
    h("span", {}, `${message.subject ?? message.from.name} · ${say(`service.${message.service}`)}`),
  );
}
