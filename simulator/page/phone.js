// One phone: whose it is, the chat on its screen, and what its owner does.
import { confirmContact, chooseLocation } from "./attach.js";
import { messageChoices, ownerChoices } from "./choices.js";
import { createComposer } from "./composer.js";
import { drawFrame } from "./frame.js";
import { icons } from "./icons.js";
import { createLog } from "./log.js";
import { openMenu } from "./menus.js";
import { createNotices } from "./toast.js";
import { dated, has, say } from "./words.js";

/** @typedef {import("./message.js").Message} Message */
/**
 * @typedef {object} Surroundings what a phone needs of the page
 * @property {import("./api.js").Api} api
 * @property {() => string|undefined} zone
 * @property {() => string|undefined} now the bot's time, ISO 8601
 * @property {(phone: Phone, message: Message) => void} inspect shows a message's API calls
 * @property {(phone: Phone) => void} hide
 * @property {(phone: Phone) => void} changed the person or the unread count changed
 */
/** @typedef {ReturnType<typeof createPhone>} Phone */

/** How long a pressed button waits for the bot's answer, ms; Telegram's own apps give up about then. */
const ANSWER_WAIT = 15_000;
/** How long after an event the chat is fetched once more, ms. */
const SETTLE = 1_500;
const HUES = [62, 168, 262, 330, 118, 20, 215, 295];

/**
 * @param {any} person as GET /sim/people lists it
 * @param {number} nth its place among the phones, which gives its colour
 * @param {Surroundings} page
 */
export function createPhone(person, nth, page) {
  const id = person.id;
  const owner = `/sim/people/${id}`;
  /** The group on the screen; undefined is the chat with the bot. */
  let room = /** @type {number|undefined} */ (undefined);
  const post = (/** @type {string} */ deed, /** @type {any} */ body = {}) =>
    attempt(page.api.post(`${owner}/${deed}`, { ...body, chat: room }));
  const upload = (/** @type {string} */ deed, /** @type {any} */ fields, /** @type {File[]} */ files) =>
    attempt(page.api.upload(`${owner}/${deed}`, { ...fields, chat: room }, files));
  /** @type {any} */
  let chat = null;
  /** @type {Map<string, () => void>} presses that wait for their answer */
  const waiting = new Map();
  /** @type {Map<number, string[]>} */
  const notes = new Map();

  const composer = createComposer(
    {
      say: (text, reply_to) => post("say", { text, reply_to }),
      edit: (message_id, text) => post("edit", { message_id, text }),
      photos: (pictures, caption, reply_to) =>
        upload(pictures.length > 1 ? "album" : "photo", { caption, reply_to }, pictures),
      key: pressKey,
      send: {
        location: (place) => post("location", place),
        voice: () => post("voice", { seconds: 5 }),
        file: (file) => upload("file", { name: file.name }, [file]),
        contact: () => post("contact"),
      },
    },
    String(id),
  );
  const log = createLog(
    {
      command: (text) => post("say", { text }),
      link: openLink,
      press,
      menu: messageMenu,
      reply: composer.replyTo,
      show: (number) => log.show(number),
      address: page.api.address,
    },
    person.first_name,
  );
  const frame = drawFrame(id, HUES[nth % HUES.length], log.root, composer.root);
  const notices = createNotices(frame.screen);
  frame.more.addEventListener("click", () => ownerMenu());
  frame.start.addEventListener("click", () => post(chat?.person.blocked ? "unblock" : "start"));
  frame.head.addEventListener("click", () => chatsMenu());
  frame.root.addEventListener("pointerenter", look);
  frame.root.addEventListener("focusin", look);

  /** @param {Promise<any>} doing */
  async function attempt(doing) {
    try {
      return await doing;
    } catch (error) {
      notices.toast(say("failed", { why: /** @type {Error} */ (error).message }));
      return null;
    }
  }

  /** @param {Message} message @param {import("./message.js").Button} button */
  async function press(message, button) {
    const { message_id } = message;
    const done = await post("press", { message_id, row: button.row, column: button.column });
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

  /** @param {import("./message.js").Button} button */
  async function pressKey(button) {
    if (button.kind === "contact") return confirmContact(() => post("press", { label: button.label }));
    if (button.kind === "location") return chooseLocation((place) => post("location", place));
    await post("press", { label: button.label });
  }

  /** A link to this bot starts it; any other is shown, and opened only when asked again. @param {string} url */
  function openLink(url) {
    const link = new URL(url, location.href);
    const payload = link.searchParams.get("start");
    const bot = chat?.bot?.username;
    if (link.hostname === "t.me" && link.pathname === `/${bot}`) post("start", { payload: payload ?? "" });
    else notices.link(url);
  }

  /** @param {string} words */
  async function copy(words) {
    await navigator.clipboard?.writeText(words).catch(() => {});
    notices.toast(say("copied"));
  }

  /** @param {Message} message @param {HTMLElement} at */
  function messageMenu(message, at) {
    const { replyTo: reply, editOf: edit } = composer;
    openMenu(at, messageChoices(message, { reply, edit, copy, calls: () => page.inspect(phone, message) }));
  }

  /** The chat with the bot and the groups. */
  async function chatsMenu() {
    if (!person.groups?.length) return;
    const groups = await Promise.all(
      person.groups.map((/** @type {number} */ group) => page.api.get(`${owner}/chat?chat=${group}&limit=1`)),
    );
    const enter = (/** @type {number|undefined} */ wanted) => ((room = wanted), refresh());
    openMenu(frame.head, [
      { text: chat.bot.first_name, icon: icons.contact, act: () => enter(undefined) },
      ...groups.map(({ chat: { id: group, title } }) => ({ text: title, icon: icons.panel, act: () => enter(group) })),
    ]);
  }

  function ownerMenu() {
    const speak = (/** @type {string} */ language_code) =>
      attempt(page.api.post("/sim/people", { id, first_name: person.first_name, language_code }));
    openMenu(frame.more, ownerChoices(person, { speak, post, hide: () => page.hide(phone) }));
  }

  /** Fetches the chat and shows it; calls that overlap become one more. */
  let fetching = false;
  let again = false;
  async function refresh() {
    if (fetching) return void (again = true);
    fetching = true;
    const fetched = await attempt(page.api.get(`${owner}/chat${room ? `?chat=${room}` : ""}`));
    fetching = false;
    if (fetched) show(fetched);
    if (again) {
      again = false;
      await refresh();
    }
  }

  /** @param {any} fetched */
  function show(fetched) {
    chat = fetched;
    Object.assign(person, chat.person, { unread: chat.unread });
    showHead();
    composer.update(chat);
    const group = chat.chat.type !== "private";
    log.update(chat.messages, { zone: page.zone(), group, notes, owner: person.first_name, room: chat.chat.id });
    page.changed(phone);
    if (seenNow()) look();
  }

  function showHead() {
    const { blocked, deleted, role } = person;
    frame.owner.textContent = person.first_name;
    frame.role.textContent = has(`role.${role}`) ? say(`role.${role}`) : (role ?? "");
    frame.head.toggleAttribute("disabled", !person.groups?.length);
    frame.head.setAttribute("aria-label", say("chats", { name: person.first_name }));
    frame.bot.textContent = chat?.chat.title ?? "";
    frame.face.textContent = [...(chat?.chat.title ?? "?")][0];
    frame.more.setAttribute("aria-label", say("phoneMenu", { name: person.first_name }));
    frame.root.setAttribute(
      "aria-label",
      say("chatWith", { name: person.first_name, bot: chat?.bot.first_name ?? "" }),
    );
    log.list.setAttribute("aria-label", frame.root.getAttribute("aria-label") ?? "");
    frame.root.classList.toggle("away", deleted);
    const fresh = chat && !chat.messages.length && !deleted;
    frame.empty.hidden = !fresh;
    const atGate = frame.gate.contains(document.activeElement);
    frame.gate.hidden = !(fresh || blocked || deleted);
    if (atGate && frame.gate.hidden) log.list.focus({ preventScroll: true });
    frame.gateWords.textContent =
      blocked || deleted ? say(deleted ? "deletedNote" : "blockedNote", { name: person.first_name }) : "";
    frame.start.hidden = deleted;
    frame.start.textContent = say(blocked ? "unblock" : "start");
    composer.root.hidden = !frame.gate.hidden;
    showAction(chat?.action);
    tick();
  }

  let actionEnds = 0;
  /** @param {string|null|undefined} action */
  function showAction(action) {
    clearTimeout(actionEnds);
    frame.action.textContent = action ? say(has(action) ? action : "typing") : say("bot");
    frame.action.classList.toggle("busy", Boolean(action));
    if (action) actionEnds = window.setTimeout(() => showAction(null), 5000);
  }

  /** Shows the bot's time on the phone. */
  function tick() {
    const now = page.now();
    frame.time.textContent = now ? dated(new Date(now), page.zone(), { hour: "2-digit", minute: "2-digit" }) : "";
  }

  const seenNow = () => document.visibilityState === "visible" && frame.root.dataset.seen === "true";
  /** Opens the chat in the simulator's eyes: its messages are read. */
  function look() {
    if (!chat?.unread || !seenNow()) return;
    chat.unread = 0;
    person.unread = 0;
    page.api.post(`${owner}/look`, { chat: room }).catch(() => {});
    page.changed(phone);
  }

  /** Whether an event changes what is on the screen. @param {any} event */
  function concerns(event) {
    if (event.kind === "commands") return true;
    if (event.person_id != null && event.kind !== "member") return event.person_id === id;
    return event.chat_id === (room ?? id) || event.person_id === id;
  }

  /** Marks of what the bot has received come without an event: look again a little later. */
  let later = 0;
  /** What the simulator tells about this phone. @param {any} event */
  function hear(event) {
    if (event.kind === "action") return showAction(event.action);
    if (event.kind === "answer") {
      waiting.get(event.query_id)?.();
      if (event.text) notices.answer(event.text, event.alert);
    }
    clearTimeout(later);
    later = window.setTimeout(refresh, SETTLE);
    return refresh();
  }

  /** Keeps what Telegram refused as a line in the chat. @param {{method: string, error: string|null}} call */
  function refused(call) {
    const last = chat?.messages.at(-1)?.message_id ?? 0;
    notes.set(last, [...(notes.get(last) ?? []), `${call.method}: ${call.error}`]);
    if (chat) show(chat);
  }

  const phone = {
    id,
    person,
    root: frame.root,
    hue: HUES[nth % HUES.length],
    composer,
    log,
    refresh,
    concerns,
    hear,
    refused,
    tick,
    look,
    post,
    chat: () => chat,
    relabel,
  };
  function relabel() {
    composer.relabel();
    if (chat) show(chat);
  }
  showHead();
  return phone;
}
