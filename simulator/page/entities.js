// Telegram's text with entities → elements. Offsets are UTF-16 units, which is what JavaScript counts too.
import { h } from "./dom.js";

/** @typedef {{type: string, offset: number, length: number, url?: string, language?: string, user?: any}} Entity */
/** @typedef {{command: (text: string) => void, link: (url: string) => void}} Hands what a tap on a command or a link does */

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

const PLAIN = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  code: "code",
};

/**
 * @param {string} text
 * @param {Entity[]|undefined} entities
 * @param {Hands} hands
 * @returns {Array<Node|string>}
 */
export function formatted(text, entities, hands) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return within(text, sorted, 0, text.length, hands);
}

/**
 * The stretch [start, end) with the entities that begin in it; what overlaps without nesting is cut at the outer's end.
 * @param {string} text @param {Entity[]} entities @param {number} start @param {number} end @param {Hands} hands
 * @returns {Array<Node|string>}
 */
function within(text, entities, start, end, hands) {
  const parts = [];
  let at = start;
  while (entities.length && entities[0].offset < end) {
    const entity = /** @type {Entity} */ (entities.shift());
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    if (to <= from) continue;
    parts.push(text.slice(at, from));
    const inner = entities.filter((other) => other.offset < to);
    entities.splice(0, inner.length);
    parts.push(dressed(entity, text.slice(from, to), within(text, inner, from, to, hands), hands));
    // A quote or a block of code ends its line by itself: the line break behind it would show as an empty line.
    at = BLOCKS.has(entity.type) && to < end && text[to] === "\n" ? to + 1 : to;
  }
  parts.push(text.slice(at, end));
  return parts.filter((part) => part !== "");
}

/** @param {Entity} entity @param {string} words @param {any[]} inside @param {Hands} hands */
function dressed(entity, words, inside, hands) {
  if (entity.type in PLAIN) return h(PLAIN[/** @type {keyof typeof PLAIN} */ (entity.type)], {}, inside);
  switch (entity.type) {
    case "pre":
      return h("pre", {}, h("code", { data: entity.language ? { language: entity.language } : {} }, inside));
    case "blockquote":
      return h("blockquote", {}, inside);
    case "expandable_blockquote":
      return expandable(inside);
    case "spoiler":
      return spoiler(inside);
    case "bot_command":
      return h("button", { type: "button", class: "inline-link", on: { click: () => hands.command(words) } }, inside);
    case "text_link":
    case "url":
      return link(entity.url ?? (/^[a-z]+:\/\//i.test(words) ? words : `https://${words}`), inside, hands);
    case "email":
      return link(`mailto:${words}`, inside, hands);
    case "phone_number":
      return link(`tel:${words.replace(/[^\d+]/g, "")}`, inside, hands);
    case "mention":
    case "hashtag":
    case "cashtag":
    case "text_mention":
      return h("span", { class: "tagged" }, inside);
    default:
      return h("span", {}, inside);
  }
}

/** @param {string} url @param {any[]} inside @param {Hands} hands */
function link(url, inside, hands) {
  if (!/^(https?|mailto|tel|tg):/i.test(url)) return h("span", { class: "tagged" }, inside);
  const open = (/** @type {Event} */ event) => {
    event.preventDefault();
    hands.link(url);
  };
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url, on: { click: open } }, inside);
}

/** Hidden words; no button element, which could not go on in the next line. @param {any[]} inside */
function spoiler(inside) {
  const node = h(
    "span",
    { class: "spoiler", role: "button", tabIndex: 0, "aria-pressed": "false", label: "spoiler" },
    h("span", {}, inside),
  );
  const show = () => {
    node.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-pressed", "aria-label", "data-label", "title"]) node.removeAttribute(name);
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    show();
  });
  return node;
}

/** @param {any[]} inside */
function expandable(inside) {
  const quote = h("blockquote", { class: "expandable" }, h("div", {}, inside));
  const more = h("button", { type: "button", class: "inline-link", word: "showMore", "aria-expanded": "false" });
  more.addEventListener("click", () => {
    const open = quote.classList.toggle("open");
    more.setAttribute("aria-expanded", String(open));
    more.hidden = open;
  });
  quote.append(more);
  return quote;
}
