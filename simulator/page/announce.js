// Tells a screen reader of a phone's new messages, each once and in its own language; nothing of it is seen.
import { h } from "./dom.js";
import { languageOf, say } from "./words.js";

/** @typedef {import("./message.js").Message} Message */

/** More at once than this are only counted. */
const MOST = 3;
/** So many lines stay, for those who walk back to them. */
const KEPT = 6;

export function createAnnouncer() {
  const root = h("div", { class: "visually-hidden heard", "aria-live": "polite" });

  /** @param {string} phone whose phone it is @param {Message[]} messages those that are new */
  function tell(phone, messages) {
    const lines =
      messages.length > MOST
        ? [h("p", {}, say("heardMany", { phone, count: messages.length }))]
        : messages.map((message) => line(phone, message));
    root.append(...lines);
    while (root.children.length > KEPT) root.firstChild.remove();
  }

  return { root, tell };
}

/** @param {string} phone @param {Message} message */
function line(phone, message) {
  const kind = message.media?.kind;
  const words = [kind && say(`media.${kind}`), message.text].filter(Boolean).join(": ");
  return h(
    "p",
    {},
    say("heard", { phone, from: message.from.name }),
    h("span", { lang: languageOf(message.text) }, words),
  );
}
