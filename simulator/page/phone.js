// One phone: whose it is, the chat on its screen, and what its owner does.
import { messageChoices, ownerChoices } from "./choices.js";
import { createComposer } from "./composer.js";
import { h } from "./dom.js";
import { drawFrame } from "./frame.js";
import { icons } from "./icons.js";
import { createLog } from "./log.js";
import { openMenu } from "./menus.js";
import { createPresses } from "./presses.js";
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
/** @typedef {{id: number, title: string}} Group */

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
  /** @type {Map<number, string[]>} */
  const notes = new Map();

  const composer = createComposer(
    {
      say: (text, reply_to) => post("say", { text, reply_to }),
      edit: (message_id, text) => post("edit", { message_id, text }),
      photos: (pictures, caption, reply_to) =>
        upload(pictures.length > 1 ? "album" : "photo", { caption, reply_to }, pictures),
      key: (button) => presses.key(button),
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
      link: (url) => presses.link(url),
      press: (message, button) => presses.press(message, button),
      menu: messageMenu,
      reply: composer.replyTo,
      show: (number) => log.show(number),
      address: page.api.address,
    },
    person.first_name,
  );
  const frame = drawFrame(id, HUES[nth % HUES.length], log.root, composer.root);
  const notices = createNotices(frame.screen);
  const presses = createPresses(post, notices, () => chat?.bot.username);
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

  /** @param {Message} message @param {HTMLElement} at */
  function messageMenu(message, at) {
    const { replyTo: reply, editOf: edit } = composer;
    const calls = () => page.inspect(phone, message);
    openMenu(at, messageChoices(message, { reply, edit, forward, copy: presses.copy, calls }));
  }

  /** The chat with the bot and the groups. */
  function chatsMenu() {
    if (!person.groups?.length) return;
    const enter = (/** @type {number|undefined} */ wanted) => ((room = wanted), refresh());
    openMenu(frame.head, [
      { text: chat.about.name, icon: icons.contact, act: () => enter(undefined) },
      ...person.groups.map((/** @type {Group} */ { id: group, title }) => ({
        text: title,
        icon: icons.group,
        act: () => enter(group),
      })),
    ]);
  }

  /** Sends a message on to the bot, from whichever chat it stands in. @param {Message} message */
  async function forward({ message_id }) {
    const done = await post("forward", { message_id });
    if (done && room) notices.toast(say("forwardedToBot", { bot: chat.about.name }));
  }

  /** The person as the simulator knows them now. @param {any} told */
  function meet(told) {
    Object.assign(person, told);
    if (room && !person.groups.some((/** @type {Group} */ group) => group.id === room)) leave(room);
    return refresh();
  }

  /** A group they are no longer in leaves the screen. @param {number} group */
  function leave(group) {
    if (room === group) room = undefined;
  }

  /** Nothing more is asked for this phone: it was put away, or its person is gone. */
  function end() {
    clearTimeout(later);
    ended = true;
  }

  function ownerMenu() {
    const speak = (/** @type {string} */ language_code) =>
      attempt(page.api.post("/sim/people", { id, first_name: person.first_name, language_code }));
    openMenu(frame.more, ownerChoices(person, { speak, post, hide: () => page.hide(phone) }));
  }

  /** Fetches the chat and shows it; calls that overlap become one more. */
  let fetching = false;
  let again = false;
  let ended = false;
  async function refresh() {
    if (ended) return;
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
      say("chatWith", { name: person.first_name, bot: chat?.chat.title ?? "" }),
    );
    log.list.setAttribute("aria-label", frame.root.getAttribute("aria-label") ?? "");
    frame.root.classList.toggle("away", deleted);
    const fresh = chat && !chat.messages.length && !deleted;
    frame.empty.hidden = !fresh;
    showAbout();
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

  /** What the bot says of itself before anything was said, as Telegram shows it above Start. */
  function showAbout() {
    const description = room ? "" : chat?.about.description;
    frame.empty.classList.toggle("about", Boolean(description));
    if (description) frame.empty.replaceChildren(h("b", {}, say("about")), h("p", { dir: "auto" }, description));
    else frame.empty.replaceChildren(say("startHint"));
  }

  let actionEnds = 0;
  /** @param {string|null|undefined} action */
  function showAction(action) {
    clearTimeout(actionEnds);
    const group = chat && chat.chat.type !== "private";
    const about = group ? say("members", { count: chat.chat.members }) : say("bot");
    frame.action.textContent = action ? say(has(action) ? action : "typing") : about;
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
    if (event.kind === "commands" || event.kind === "about") return true;
    if (event.person_id != null && event.kind !== "member") return event.person_id === id;
    return event.chat_id === (room ?? id) || event.person_id === id;
  }

  /** Marks of what the bot has received come without an event: look again a little later. */
  let later = 0;
  /** What the simulator tells about this phone. @param {any} event */
  function hear(event) {
    if (event.kind === "action") return showAction(event.action);
    if (event.kind === "answer") {
      presses.answered(event.query_id);
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
    meet,
    leave,
    end,
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
