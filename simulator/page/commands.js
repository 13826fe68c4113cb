// The commands that fit what is being typed, above the field, as Telegram shows them.
import { h } from "./dom.js";

/** @typedef {{command: string, description: string}} Command */

/** @param {HTMLElement} field where the command is typed @param {(command: Command) => void} choose */
export function createHints(field, choose) {
  const id = `hints-of-${field.id}`;
  const root = h("ul", { class: "hints", role: "listbox", label: "commands", id, hidden: true });
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", id);

  /** @param {string} text what the field holds @param {Command[]} commands */
  function show(text, commands) {
    const typed = /^\/(\w*)$/.exec(text)?.[1];
    const found = typed === undefined ? [] : commands.filter((one) => one.command.startsWith(typed));
    root.hidden = !found.length;
    root.replaceChildren(...found.map((one, at) => hint(one, `${id}-${at}`, () => choose(one))));
    point(found.length ? 0 : -1);
  }

  /** Marks a command as the one Enter takes; none with -1. @param {number} chosen */
  function point(chosen) {
    const all = [...root.children];
    all.forEach((one, at) => one.setAttribute("aria-selected", String(at === chosen)));
    all[chosen]?.scrollIntoView({ block: "nearest" });
    if (chosen < 0) field.removeAttribute("aria-activedescendant");
    else field.setAttribute("aria-activedescendant", all[chosen].id);
  }

  function close() {
    root.hidden = true;
    point(-1);
  }

  /** Arrow keys choose, Enter takes, Escape and Tab close. @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  function walk(event) {
    if (root.hidden) return false;
    const all = /** @type {HTMLElement[]} */ ([...root.children]);
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Tab") close();
    if (step) point((at + step + all.length) % all.length);
    else if (event.key === "Enter") all[at].click();
    else if (event.key === "Escape") close();
    else return false;
    event.preventDefault();
    return true;
  }

  return { root, show, walk };
}

/** @param {Command} command @param {string} id @param {() => void} choose */
function hint(command, id, choose) {
  const words = [h("b", {}, `/${command.command}`), h("span", {}, command.description)];
  return h("li", { id, role: "option", on: { click: choose } }, words);
}
