// What the menus of a message and of a phone offer.
import { icons } from "./icons.js";
import { say } from "./words.js";

/** @typedef {import("./menus.js").Item} Item */
/** @typedef {import("./message.js").Message} Message */

/** What has no words of its own to change. */
const WORDLESS = ["location", "venue", "contact", "voice", "sticker"];

/**
 * @param {Message} message
 * @param {{reply: (message: Message) => void, edit: (message: Message) => void, copy: (words: string) => void, forward: (message: Message) => void, calls: () => void}} deeds
 * @returns {Item[]}
 */
export function messageChoices(message, deeds) {
  const items = [{ text: say("reply"), icon: icons.reply, act: () => deeds.reply(message) }];
  if (message.mine && message.text && !message.forwarded && !WORDLESS.includes(message.media?.kind))
    items.push({ text: say("edit"), icon: icons.edit, act: () => deeds.edit(message) });
  if (message.text) items.push({ text: say("copy"), icon: icons.copy, act: () => deeds.copy(message.text) });
  items.push({ text: say("forwardToBot"), icon: icons.forward, act: () => deeds.forward(message) });
  return [...items, { text: say("calls"), icon: icons.code, act: deeds.calls }];
}

/**
 * @param {any} person
 * @param {{speak: (language: string) => void, post: (deed: string) => void, hide: () => void}} deeds
 * @returns {Item[]}
 */
export function ownerChoices(person, deeds) {
  const { blocked, deleted, language_code: code } = person;
  const [other, name] = code?.startsWith("zh") ? ["en", "English"] : ["zh", "中文"];
  const language = { text: say("switchTo", { language: name }), icon: icons.keyboard, act: () => deeds.speak(other) };
  const hide = { text: say("hidePhone"), icon: icons.panel, act: deeds.hide };
  if (deleted) return [hide];
  const door = blocked ? "unblock" : "block";
  const block = { text: say(door), icon: icons.block, grave: !blocked, act: () => deeds.post(door) };
  const leave = { text: say("deleteAccount"), sure: say("deleteSure"), icon: icons.close, grave: true };
  return [language, block, { ...leave, act: () => deeds.post("delete-account") }, hide];
}
