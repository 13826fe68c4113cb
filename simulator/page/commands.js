// The commands that fit what is being typed, above the field, as Telegram shows them.
import { h } from "./dom.js";

/** @typedef {{command: string, description: string}} Command */

/** @param {(command: Command) => void} choose */
export function createHints(choose) {
  const root = h("ul", { class: "hints", role: "listbox", label: "commands", hidden: true });

  /** @param {string} text what the field holds @param {Command[]} commands */
  function show(text, commands) {
    const typed = /^\/(\w*)$/.exec(text)?.[1];
    const found = typed === undefined ? [] : commands.filter((one) => one.command.startsWith(typed));
    root.hidden = !found.length;
    root.replaceChildren(...found.map((one, at) => hint(one, at === 0, () => choose(one))));
  }

  /** Arrow keys choose, Enter and Tab take, Escape closes. @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  function walk(event) {
    if (root.hidden) return false;
    const all = /** @type {HTMLElement[]} */ ([...root.children]);
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) mark(all, (at + step + all.length) % all.length);
    else if (event.key === "Enter" || event.key === "Tab") all[at].click();
    else if (event.key === "Escape") root.hidden = true;
    else return false;
    event.preventDefault();
    return true;
  }

  return { root, show, walk };
}

/** @param {HTMLElement[]} all @param {number} chosen */
function mark(all, chosen) {
  all.forEach((one, at) => one.setAttribute("aria-selected", String(at === chosen)));
  all[chosen].scrollIntoView({ block: "nearest" });
}

/** @param {Command} command @param {boolean} first @param {() => void} choose */
function hint(command, first, choose) {
  const words = [h("b", {}, `/${command.command}`), h("span", {}, command.description)];
  return h("li", { role: "option", "aria-selected": String(first), on: { click: choose } }, words);
}
