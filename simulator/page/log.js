// The messages of one chat: kept in step with the simulator's without disturbing what is already on the screen.
import { createAnnouncer } from "./announce.js";
import { arrange, h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { messageElement } from "./message.js";
import { CONTROLS, createWalk } from "./walk.js";
import { dated, language, say } from "./words.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {{key: string, signature: string, build: () => HTMLElement}} Piece */

const TOGETHER = 5 * 60_000; // messages of one sender this close belong together
const NEAR = 80; // pixels from the end that still count as "at the end"

/** @param {import("./message.js").Hands} hands @param {string} label whose chat it is, for screen readers */
export function createLog(hands, label) {
  const list = h("ol", { class: "log", tabIndex: 0, "aria-label": label });
  const announcer = createAnnouncer();
  const walk = createWalk(list);
  const count = h("span", { class: "badge" });
  const down = h(
    "button",
    { type: "button", class: "to-bottom", label: "toBottom", hidden: true },
    count,
    stroke(icons.down),
  );
  const root = h("div", { class: "log-frame" }, list, down, announcer.root);
  /** @type {Map<string, {node: HTMLElement, signature: string}>} */
  const shown = new Map();
  let started = false;
  let missed = 0;
  /** @type {number|undefined} the chat on the screen */
  let room;

  const atEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
  const toEnd = (smooth = false) => list.scrollTo({ top: list.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  const settle = () => {
    if (atEnd()) missed = 0;
    down.hidden = atEnd();
    count.textContent = missed ? String(missed) : "";
    count.hidden = !missed;
  };
  list.addEventListener("scroll", settle, { passive: true });
  down.addEventListener("click", () => {
    list.focus({ preventScroll: true });
    toEnd(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  });
  new ResizeObserver(() => stick && toEnd()).observe(list);
  let stick = true;
  list.addEventListener("scroll", () => (stick = atEnd()), { passive: true });

  /**
   * @param {Message[]} messages
   * @param {{zone: string|undefined, group: boolean, notes: Map<number, string[]>, owner: string, room: number}} setting
   */
  function update(messages, setting) {
    if (room !== setting.room) enter(setting.room);
    list.setAttribute("aria-description", say("walkChat"));
    const follow = !started || atEnd();
    const focus = focusIn(list);
    const { nodes, fresh } = reconcile(
      shown,
      pieces(
        messages,
        { ...setting, find: (/** @type {number} */ id) => messages.find((one) => one.message_id === id) },
        hands,
      ),
      started,
    );
    arrange(list, nodes);
    walk.mark();
    focus?.(list);
    const mine = fresh.some((node) => node.classList.contains("mine"));
    if (follow || mine) toEnd();
    else missed += fresh.filter((node) => node.classList.contains("theirs")).length;
    if (started) announcer.tell(setting.owner, heard(messages, fresh));
    started = true;
    settle();
  }

  /** Another chat takes the screen: nothing in it is new. @param {number} chat */
  function enter(chat) {
    room = chat;
    started = false;
    shown.clear();
  }

  /** @param {number} id */
  function show(id) {
    const node = /** @type {HTMLElement|null} */ (list.querySelector(`[data-id="${id}"]`));
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.classList.remove("found");
    requestAnimationFrame(() => node.classList.add("found"));
  }

  /** @param {number|null} id */
  function choose(id) {
    list.querySelectorAll(".chosen").forEach((/** @type {Element} */ node) => node.classList.remove("chosen"));
    if (id != null) list.querySelector(`[data-id="${id}"]`)?.classList.add("chosen");
  }

  return { root, list, update, show, choose, toEnd };
}

/** The messages of others among the rows that are new. @param {Message[]} messages @param {HTMLElement[]} fresh */
function heard(messages, fresh) {
  const ids = new Set(fresh.map((node) => node.dataset.id));
  return messages.filter((message) => ids.has(String(message.message_id)) && !message.mine && !message.service);
}

/**
 * Builds what is new or changed and keeps the rest.
 * @param {Map<string, {node: HTMLElement, signature: string}>} shown @param {Piece[]} wanted @param {boolean} started
 */
function reconcile(shown, wanted, started) {
  const fresh = [];
  const nodes = [];
  for (const piece of wanted) {
    const old = shown.get(piece.key);
    if (old?.signature === piece.signature) {
      nodes.push(old.node);
      continue;
    }
    const node = piece.build();
    if (!old) fresh.push(node);
    if (!old && started) node.classList.add("fresh");
    if (old?.node.classList.contains("chosen")) node.classList.add("chosen");
    shown.set(piece.key, { node, signature: piece.signature });
    nodes.push(node);
  }
  const keys = new Set(wanted.map((piece) => piece.key));
  for (const key of shown.keys()) if (!keys.has(key)) shown.delete(key);
  return { nodes, fresh };
}

/** Messages, marks of days and notes, in order. @returns {Piece[]} @param {Message[]} messages @param {any} setting @param {import("./message.js").Hands} hands */
function pieces(messages, setting, hands) {
  /** @type {Piece[]} */
  const found = [];
  const groups = albums(messages);
  let day = "";
  groups.forEach((group, at) => {
    const today = dated(new Date(group[0].date), setting.zone, { month: "long", day: "numeric", weekday: "long" });
    if (today !== day) found.push(lineOf("day-mark", today, `day ${group[0].message_id}`));
    day = today;
    found.push(pieceOf(group, tailed(group, groups[at + 1]), setting, hands));
    for (const [nth, note] of notesAfter(group, groups[at + 1], setting.notes))
      found.push(lineOf("note", say("refused", { why: note }), `note ${group[0].message_id} ${nth}`));
  });
  return found;
}

/** @param {Message[]} group @param {Message[]|undefined} next @param {Map<number, string[]>} notes */
function notesAfter(group, next, notes) {
  const until = next?.[0].message_id ?? Infinity;
  return [...notes]
    .filter(([id]) => id >= group[0].message_id && id < until)
    .flatMap(([, words]) => words)
    .entries();
}

/** @param {Message[]} messages @returns {Message[][]} */
function albums(messages) {
  /** @type {Message[][]} */
  const groups = [];
  for (const message of messages) {
    const last = groups.at(-1);
    if (message.album && last?.[0].album === message.album) last.push(message);
    else groups.push([message]);
  }
  return groups;
}

/** Whether the sender changes after this message. @param {Message[]} group @param {Message[]|undefined} next */
function tailed(group, next) {
  if (!next || next[0].service || next[0].from.id !== group[0].from.id) return true;
  return Date.parse(next[0].date) - Date.parse(group[group.length - 1].date) > TOGETHER;
}

/** @param {Message[]} group @param {boolean} tail @param {any} setting @param {import("./message.js").Hands} hands @returns {Piece} */
function pieceOf(group, tail, setting, hands) {
  const signature = JSON.stringify([
    // Whether it was read is shown of one's own only: what others wrote must not be drawn anew, and hidden words hidden again.
    group.map(({ toasts, waiting, read, ...rest }) => (rest.mine ? { ...rest, read } : rest)),
    tail,
    language(),
    setting.zone,
    setting.group,
  ]);
  return {
    key: String(group[0].message_id),
    signature,
    build: () => messageElement(group, { ...setting, tail }, hands),
  };
}

/** @param {string} kind @param {string} words @param {string} key @returns {Piece} */
function lineOf(kind, words, key) {
  return { key: `${kind} ${key}`, signature: words, build: () => h("li", { class: kind }, h("span", {}, words)) };
}

/**
 * Where the focus is inside the list, as a function that puts it back after messages were rebuilt.
 * @param {HTMLElement} list
 * @returns {((list: HTMLElement) => void)|null}
 */
function focusIn(list) {
  const active = /** @type {HTMLElement} */ (document.activeElement);
  const row = /** @type {HTMLElement|null} */ (active?.closest?.("[data-id]"));
  if (!row || !list.contains(row)) return null;
  const at = [...row.querySelectorAll(CONTROLS)].indexOf(active);
  const id = row.dataset.id;
  return () => {
    if (list.contains(document.activeElement) && document.activeElement !== list) return;
    const again = list.querySelector(`[data-id="${id}"]`);
    const there = again?.querySelectorAll(CONTROLS)[at] ?? again ?? list;
    /** @type {HTMLElement} */ (there).focus({ preventScroll: true });
  };
}
