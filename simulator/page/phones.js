// All the phones of the page: in a row, or one at a time with tabs where the window is narrow.
import { h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { openDialog } from "./menus.js";
import { createPhone } from "./phone.js";
import { say } from "./words.js";

/** @typedef {import("./phone.js").Phone} Phone */
/**
 * @param {HTMLElement} stage
 * @param {HTMLElement} tabs
 * @param {Omit<import("./phone.js").Surroundings, "hide"|"changed">} page
 */
export function createPhones(stage, tabs, page) {
  /** @type {Map<number, {phone: Phone, tab: HTMLElement}>} */
  const all = new Map();
  const hidden = new Set();
  /** Whom the page shows though the simulator keeps them in the background. */
  const called = new Set();
  /** @type {any[]} */
  let everybody = [];
  const adder = h("button", { type: "button", class: "tab adder", label: "addPhone" }, stroke(icons.plus));
  adder.addEventListener("click", () => addDialog());
  tabs.append(adder);
  const watcher = new IntersectionObserver((entries) => entries.forEach(seen), { root: stage, threshold: 0.55 });

  /** @param {IntersectionObserverEntry} entry */
  function seen(entry) {
    const node = /** @type {HTMLElement} */ (entry.target);
    node.dataset.seen = String(entry.isIntersecting);
    const found = [...all.values()].find(({ phone }) => phone.root === node);
    if (!found) return;
    mark();
    if (entry.isIntersecting) found.phone.look();
  }

  /** Marks the tab of the phone that is in view. */
  function mark() {
    const first = [...all.values()].find(({ phone }) => phone.root.dataset.seen === "true");
    for (const { tab, phone } of all.values()) {
      tab.setAttribute("aria-current", String(phone === first?.phone));
    }
  }

  /** @param {any} person */
  function put(person) {
    if (all.has(person.id) || hidden.has(person.id) || !(person.shown || called.has(person.id))) return;
    const phone = createPhone(person, all.size + hidden.size, { ...page, hide, changed });
    const tab = h("button", { type: "button", class: "tab", css: { "--hue": phone.hue } });
    tab.addEventListener("click", () => bring(phone.id));
    all.set(person.id, { phone, tab });
    stage.append(phone.root);
    adder.before(tab);
    watcher.observe(phone.root);
    changed(phone);
    return phone.refresh();
  }

  /** @param {Phone} phone */
  function hide(phone) {
    const found = all.get(phone.id);
    hidden.add(phone.id);
    all.delete(phone.id);
    phone.end();
    watcher.unobserve(phone.root);
    phone.root.remove();
    found?.tab.remove();
    mark();
    stage.focus({ preventScroll: true });
  }

  /** @param {Phone} phone */
  function changed(phone) {
    const tab = all.get(phone.id)?.tab;
    const { first_name: name, unread } = phone.person;
    tab?.replaceChildren(
      h("span", { class: "dot" }),
      name,
      ...(unread ? [h("span", { class: "badge", title: say("unread") }, String(unread))] : []),
    );
  }

  /** Scrolls a phone into view. @param {number} id */
  function bring(id) {
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    all.get(id)?.phone.root.scrollIntoView({ behavior, inline: "center", block: "nearest" });
  }

  /** Puts a phone on the stage for everyone the simulator knows, and takes away whom it knows no more. */
  async function gather() {
    const { people } = await page.api.people();
    everybody = people;
    const known = new Set(people.map((/** @type {any} */ person) => person.id));
    for (const { phone } of [...all.values()]) if (!known.has(phone.id)) hide(phone);
    for (const id of hidden) if (!known.has(id)) hidden.delete(id);
    await Promise.all(people.map((/** @type {any} */ person) => put(person) ?? all.get(person.id)?.phone.meet(person)));
    mark();
  }

  /** @type {any} */
  let box = null;
  function addDialog() {
    const name = h("input", {
      id: "new-name",
      required: true,
      maxLength: 64,
      autocomplete: "off",
      value: freshName(all.size),
    });
    const code = h(
      "select",
      { id: "new-language" },
      h("option", { value: "zh" }, "中文"),
      h("option", { value: "en" }, "English"),
    );
    const content = [
      known(),
      h("label", { class: "field" }, say("phoneName"), name),
      h("label", { class: "field" }, say("phoneLanguage"), code),
    ];
    box = openDialog({ title: say("addPhone"), main: say("add"), content, accept: () => add(name.value, code.value) });
    name.select();
  }

  /** Those who are there already, one tap each. */
  function known() {
    const others = everybody.filter((person) => !all.has(person.id));
    if (!others.length) return null;
    const call = (/** @type {any} */ person) => async () => {
      box?.close();
      hidden.delete(person.id);
      called.add(person.id);
      await gather();
      bring(person.id);
    };
    const names = others.map((person) => {
      const role = say(`role.${person.role.split(" ")[0]}`);
      return h(
        "button",
        { type: "button", class: "chip", on: { click: call(person) } },
        h("b", {}, person.first_name),
        person.role && h("small", {}, ` ${role}`),
      );
    });
    return h("div", { class: "chips", role: "group", "aria-label": say("knownPeople") }, h("p", {}, say("knownPeople")), names);
  }

  /** @param {string} first_name @param {string} language_code */
  async function add(first_name, language_code) {
    const { id } = await page.api.post("/sim/people", { first_name, language_code });
    called.add(id);
    await gather();
    bring(id);
    all.get(id)?.phone.composer.field.focus({ preventScroll: true });
  }

  /** Hands an event to the phones it is about: all of them where it names none. @param {any} event */
  function hear(event) {
    if (event.kind === "person" && !all.has(event.person_id)) return gather();
    // A member's phone lists its groups, and those who are not on the screen may be called later.
    if (event.kind === "member" && event.status === "left" && !event.bot)
      all.get(event.person_id)?.phone.leave(event.chat_id);
    if (event.kind === "group" || (event.kind === "member" && event.chat_id < 0)) return gather();
    for (const { phone } of all.values()) if (phone.concerns(event)) phone.hear(event);
  }

  return {
    gather,
    addDialog,
    bring,
    hear,
    each: (/** @type {(phone: Phone) => void} */ act) => all.forEach(({ phone }) => act(phone)),
    list: () => [...all.values()].map(({ phone }) => phone),
    find: (/** @type {number} */ id) => all.get(id)?.phone,
  };
}

/** A name to begin with. @param {number} nth */
function freshName(nth) {
  const names = ["赵敏", "周强", "吴桂兰", "Amy", "郑浩", "Ben"];
  return names[nth % names.length];
}
