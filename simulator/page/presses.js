// What a press does: a query that waits for the bot's answer, a link, a text to copy, a key of the keyboard below.
import { chooseLocation, confirmContact } from "./attach.js";
import { say } from "./words.js";

/** @typedef {import("./message.js").Button} Button */
/** @typedef {import("./message.js").Message} Message */

/** How long a pressed button waits for the bot's answer, ms; Telegram's own apps give up about then. */
const ANSWER_WAIT = 15_000;

/**
 * @param {(deed: string, body: any) => Promise<any>} post does something as the phone's owner
 * @param {ReturnType<typeof import("./toast.js").createNotices>} notices
 * @param {() => string|undefined} bot the bot's @name
 */
export function createPresses(post, notices, bot) {
  /** @type {Map<string, () => void>} presses that wait for their answer */
  const waiting = new Map();

  /** @param {Message} message @param {Button} button */
  async function press({ message_id }, { row, column }) {
    const done = await post("press", { message_id, row, column });
    if (done?.kind === "callback" && done.query_id) await answerTo(done.query_id);
    if (done?.kind === "copy") copy(done.value);
    if (done?.kind === "url") notices.link(done.value);
  }

  /** @param {string} query @returns {Promise<void>} */
  function answerTo(query) {
    return new Promise((done) => {
      const finish = () => (waiting.delete(query), done());
      waiting.set(query, finish);
      setTimeout(finish, ANSWER_WAIT);
    });
  }

  /** A key of the keyboard below the chat. @param {Button} button */
  async function key(button) {
    if (button.kind === "contact") return confirmContact(() => post("press", { label: button.label }));
    if (button.kind === "location") return chooseLocation((place) => post("location", place));
    await post("press", { label: button.label });
  }

  /** A link to this bot starts it; any other is shown, and opened only when asked again. @param {string} url */
  function link(url) {
    const { hostname, pathname, searchParams } = new URL(url, location.href);
    if (hostname === "t.me" && pathname === `/${bot()}`) post("start", { payload: searchParams.get("start") ?? "" });
    else notices.link(url);
  }

  /** @param {string} words */
  async function copy(words) {
    await navigator.clipboard?.writeText(words).catch(() => {});
    notices.toast(say("copied"));
  }

  return { press, key, link, copy, answered: (/** @type {string} */ query) => waiting.get(query)?.() };
}
