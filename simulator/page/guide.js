// Plays the tour step by step: tells what comes, does it on Next, and can be left at any time.
import { h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { picture } from "./sample.js";
import { language, say } from "./words.js";

/** @typedef {import("./tour.js").Step} Step */
/** @typedef {import("./phone.js").Phone} Phone */

const CAST = ["resident", "member", "coordinator"];
/** How long a button may take to appear, and the pause in which the visitor sees what is pressed, ms. */
const [PATIENCE, PAUSE] = [4_000, 500];
/** What is left free around what is shown, pixels. */
const MARGIN = 12;
/** How long the bot is silent when it has said everything, ms. */
const QUIET = 200;

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const rest = (/** @type {number} */ ms) => new Promise((done) => setTimeout(done, ms));

/**
 * @param {HTMLElement} place
 * @param {Step[]} steps
 * @param {{phones: any, api: any, advance: (span: string) => Promise<void>, morning: () => string}} page
 */
export function createGuide(place, steps, page) {
  let at = -1;
  let stuck = false;
  let busy = false;

  /** What had the focus before the tour took it. @type {any} */
  let opener = null;

  async function start() {
    opener = document.activeElement;
    await Promise.all(CAST.map(speak));
    at = 0;
    place.hidden = false;
    enter();
  }

  /** The tour's phones speak the page's language. @param {string} who */
  async function speak(who) {
    const person = phoneOf(who)?.person;
    if (!person || person.language_code?.startsWith(language())) return;
    const { id, first_name } = person;
    await page.api.post("/sim/people", { id, first_name, language_code: language() });
    person.language_code = language();
  }

  function leave() {
    at = -1;
    const within = place.contains(document.activeElement) || document.activeElement === document.body;
    place.hidden = true;
    if (within) opener?.focus({ preventScroll: true });
    page.phones.each((/** @type {Phone} */ phone) => phone.root.classList.remove("playing"));
    uncall();
  }

  /** No button is the next one any more. */
  function uncall() {
    page.phones.each((/** @type {Phone} */ phone) =>
      phone.root.querySelectorAll(".key.called").forEach((key) => key.classList.remove("called")),
    );
  }

  /** Shows on the phone what the step is about: the button that comes next, what is to be read, or the end. @param {Phone} phone */
  async function face(phone) {
    const { do: deed, optional } = steps[at];
    const mine = at;
    if (deed.look) return showNewest(phone);
    if (!deed.press) return phone.log.toEnd();
    let key = await seek(phone, deed.press, Boolean(deed.last), optional ? 0 : PATIENCE);
    if (key && mine === at) reveal(phone.log.list, /** @type {HTMLElement} */ (key.parentElement));
    // A message that changes is drawn anew, and its buttons with it.
    for (; key && mine === at && !busy; key = find(phone, deed.press, Boolean(deed.last))) {
      key.classList.add("called");
      await rest(calm() ? QUIET / 3 : QUIET);
    }
  }

  /** The tour is over, and the last phone is the visitor's. */
  function finish() {
    const phone = phoneOf(steps[at].who);
    leave();
    phone?.composer.field.focus({ preventScroll: true });
  }

  /** Shows the step that is next, and whose phone it is on. */
  function enter() {
    stuck = false;
    const phone = phoneOf(steps[at].who);
    page.phones.each((/** @type {Phone} */ one) => one.root.classList.toggle("playing", one === phone));
    uncall();
    if (phone) {
      page.phones.bring(phone.id);
      face(phone);
    }
    draw();
    focusMain();
  }

  function focusMain() {
    /** @type {HTMLElement|null} */ (place.querySelector(".button.main"))?.focus({ preventScroll: true });
  }

  /** @param {string} who @returns {Phone|undefined} */
  function phoneOf(who) {
    const list = /** @type {Phone[]} */ (page.phones.list());
    return (
      list.find((one) => one.person.role?.startsWith(who) || one.person.first_name === who) ?? list[CAST.indexOf(who)]
    );
  }

  function draw() {
    const step = steps[at];
    const person = phoneOf(step.who)?.person;
    const bars = h(
      "div",
      { class: "tour-steps", "aria-hidden": "true" },
      steps.map((_, nth) => h("i", { class: nth <= at ? "done" : "" })),
    );
    const who = h(
      "p",
      { class: "tour-who" },
      h("b", {}, person ? say("tourBy", { name: person.first_name }) : step.who),
      say("tourStep", { at: at + 1, of: steps.length }),
    );
    const tell = h("p", { class: "tour-tell", id: "tour-tell" }, step.tell[language()]);
    const within = place.contains(document.activeElement);
    const trouble = stuck && h("p", { class: "tour-stuck", role: "alert" }, say("tourStuck"));
    place.replaceChildren(
      bars,
      h(
        "div",
        { class: "tour-line" },
        h("div", { class: "tour-text" }, who, tell, trouble),
        h("div", { class: "tour-end" }, choices()),
      ),
    );
    if (within) focusMain();
  }

  function choices() {
    const last = at === steps.length - 1;
    const main = h("button", {
      type: "button",
      class: "button main",
      word: last ? "tourDone" : stuck ? "tourRetry" : "tourNext",
      "aria-describedby": "tour-tell",
      "aria-disabled": busy && "true",
      on: { click: next },
    });
    const skip = stuck && h("button", { type: "button", class: "button", word: "tourSkip", on: { click: forward } });
    return [
      skip,
      main,
      h("button", { type: "button", class: "round", label: "tourLeave", on: { click: leave } }, stroke(icons.close)),
    ];
  }

  async function next() {
    if (busy || at < 0) return;
    const step = steps[at];
    busy = true;
    draw();
    const played = await play(step).catch(() => false);
    busy = false;
    if (at < 0) return;
    if (played || step.optional) return forward();
    stuck = true;
    draw();
  }

  function forward() {
    if (at >= steps.length - 1) return finish();
    at += 1;
    enter();
  }

  /** @param {Step} step @returns {Promise<boolean>} whether it could be done */
  async function play({ who, do: deed, optional }) {
    const phone = phoneOf(who);
    if (!phone) return false;
    const tongue = /** @type {"zh"|"en"} */ (phone.person.language_code?.startsWith("zh") ? "zh" : "en");
    if (deed.advance) await page.advance(deed.advance === "morning" ? page.morning() : deed.advance);
    if (deed.location) await phone.post("location", deed.location);
    if (deed.reply) await answerNewest(phone, deed.reply[tongue]);
    if (deed.photo) phone.composer.hold([await picture(/** @type {any} */ (deed.photo))]);
    if (deed.photo || deed.say) await type(phone, deed.say?.[tongue] ?? "");
    const done = deed.press ? await press(phone, deed.press, Boolean(deed.last), optional ? 0 : PATIENCE) : true;
    if (!deed.look) await answered();
    return done;
  }

  /** Waits until the bot has taken everything and has been silent for a moment. */
  async function answered() {
    const until = performance.now() + PATIENCE;
    let [last, idle] = [-1, false];
    while (performance.now() < until) {
      const [{ calls }, updates] = await Promise.all([
        page.api.get("/sim/calls?limit=1"),
        page.api.get("/sim/updates"),
      ]);
      const newest = calls.at(-1)?.seq ?? 0;
      if (idle && updates.idle && newest === last) return;
      [last, idle] = [newest, updates.idle];
      await rest(calm() ? QUIET / 3 : QUIET);
    }
  }

  return { start, leave, relabel: () => at >= 0 && draw() };
}

/** Writes into the phone's own field, so that the visitor sees it, and sends it. @param {Phone} phone @param {string} text */
async function type(phone, text) {
  const size = Math.max(1, Math.ceil(text.length / 24));
  for (let end = size; !calm() && end < text.length; end += size) {
    phone.composer.write(text.slice(0, end));
    await rest(22);
  }
  phone.composer.write(text);
  await rest(calm() ? 0 : PAUSE);
  await phone.composer.submit();
}

/** @param {Phone} phone @param {string} text */
async function answerNewest(phone, text) {
  const newest = phone.chat()?.messages.findLast((/** @type {any} */ message) => message.from.is_bot);
  if (newest) phone.composer.replyTo(newest);
  await type(phone, text);
}

/** Waits for a button with such a label and presses it. @param {Phone} phone @param {RegExp} label @param {boolean} last @param {number} patience */
async function press(phone, label, last, patience) {
  const key = await seek(phone, label, last, patience);
  if (!key) return false;
  reveal(phone.log.list, /** @type {HTMLElement} */ (key.parentElement));
  key.classList.add("called");
  await rest(calm() ? 0 : PAUSE);
  key.classList.remove("called");
  key.click();
  await rest(calm() ? 0 : PAUSE);
  return true;
}

/** Waits for a button with such a label. @param {Phone} phone @param {RegExp} label @param {boolean} last @param {number} patience */
async function seek(phone, label, last, patience) {
  const until = performance.now() + patience;
  let key = find(phone, label, last);
  while (!key && performance.now() < until) {
    await rest(120);
    key = find(phone, label, last);
  }
  return key;
}

/** Scrolls a chat so far that the buttons are seen, and above them what they are about. @param {HTMLElement} list @param {HTMLElement} keys */
function reveal(list, keys) {
  const [inner, outer] = [keys.getBoundingClientRect(), list.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom + MARGIN;
}

/** Scrolls to where the newest message begins, if it is too long to be seen whole. @param {Phone} phone */
function showNewest(phone) {
  const { list } = phone.log;
  phone.log.toEnd();
  const top = list.querySelector("[data-id]:nth-last-child(1 of [data-id])")?.getBoundingClientRect().top ?? 0;
  const over = list.getBoundingClientRect().top + MARGIN - top;
  if (over > 0) list.scrollTop -= over;
}

/** @param {Phone} phone @param {RegExp} label @param {boolean} last @returns {HTMLElement|undefined} */
function find(phone, label, last) {
  const groups = [...phone.root.querySelectorAll(".keys"), ...phone.root.querySelectorAll(".reply-keys")].reverse();
  for (const group of groups) {
    const keys = [...group.querySelectorAll(".key")].filter((key) => label.test(key.textContent ?? ""));
    const key = last ? keys.at(-1) : keys[0];
    if (key) return /** @type {HTMLElement} */ (key);
  }
  return undefined;
}
