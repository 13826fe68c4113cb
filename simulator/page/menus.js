// Small menus that open at a button, and dialogs: keyboard first, closed by Escape or a click elsewhere.
import { h, stroke } from "./dom.js";

/**
 * @typedef {object} Item one line of a menu
 * @property {string} text
 * @property {string} [note] smaller, after the text
 * @property {string} [icon] path data
 * @property {boolean} [grave] destroys something
 * @property {string} [sure] what the line says after a first press; only the second one acts
 * @property {() => void} act
 */

/**
 * Opens a menu at `anchor`. Entries that are nodes are shown as they are.
 * @param {HTMLElement} anchor
 * @param {Array<Item|Node>} items
 * @returns {HTMLElement & {hidePopover: () => void}}
 */
export function openMenu(anchor, items) {
  const name = anchor.getAttribute("aria-label") ?? anchor.textContent;
  const menu = h("div", { class: "menu", role: "menu", popover: "auto", "aria-label": name });
  const chat = /** @type {HTMLElement|null} */ (anchor.closest(".log"));
  menu.append(...items.map((item) => (item instanceof Node ? item : line(item, () => menu.hidePopover()))));
  document.body.append(menu);
  menu.addEventListener("toggle", (/** @type {any} */ event) => {
    if (event.newState !== "closed") return;
    anchor.setAttribute("aria-expanded", "false");
    menu.remove();
    if (!anchor.isConnected && document.activeElement === document.body) chat?.focus({ preventScroll: true });
  });
  menu.addEventListener("keydown", walk);
  menu.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place(menu, anchor);
  entries(menu)[0]?.focus();
  return menu;
}

/** @param {Item} item @param {() => void} close */
function line(item, close) {
  const text = h(
    "span",
    { "aria-live": item.sure && "polite" },
    item.text,
    item.note && h("small", {}, ` ${item.note}`),
  );
  const node = h(
    "button",
    { type: "button", role: "menuitem", class: `menu-item${item.grave ? " grave" : ""}` },
    item.icon && stroke(item.icon),
    text,
  );
  let sure = !item.sure;
  node.addEventListener("click", () => {
    if (sure) {
      close();
      item.act();
    }
    text.textContent = item.sure ?? item.text;
    sure = true;
  });
  return node;
}

/** @param {HTMLElement} menu @returns {HTMLElement[]} */
function entries(menu) {
  return [...menu.querySelectorAll("button, [href], input")].map((node) => /** @type {HTMLElement} */ (node));
}

/** Arrow keys, Tab, Home and End move through a menu and never out of it. @param {KeyboardEvent} event */
function walk(event) {
  const all = entries(/** @type {HTMLElement} */ (event.currentTarget));
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const back = event.key === "ArrowUp" || event.key === "ArrowLeft" || (event.key === "Tab" && event.shiftKey);
  const on = ["ArrowDown", "ArrowRight", "Tab"].includes(event.key);
  const to = back ? at - 1 : on ? at + 1 : { Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  all[(to + all.length) % all.length]?.focus();
}

/** Puts the menu beside its button, inside the window. @param {HTMLElement} menu @param {HTMLElement} anchor */
function place(menu, anchor) {
  const from = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = from.bottom + 6;
  const above = below + height > innerHeight - 12 || from.top > innerHeight * 0.6;
  const top = above ? Math.max(12, from.top - height - 6) : below;
  const left = Math.min(Math.max(12, from.left), innerWidth - width - 12);
  menu.style.setProperty("inset", "auto");
  menu.style.setProperty("top", `${top}px`);
  menu.style.setProperty("left", `${left}px`);
}

/**
 * A dialog with a title and two buttons at its end; `accept` runs when the main one is pressed.
 * @param {{title: string, main: string, accept: () => void, content: Array<Node|string>}} what
 */
export function openDialog({ title, main, accept, content }) {
  const cancel = h("button", { type: "button", class: "button", word: "cancel", on: { click: () => box.close() } });
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", {}, title),
    content,
    h("div", { class: "dialog-end" }, cancel, h("button", { class: "button main" }, main)),
  );
  const box = h("dialog", { class: "dialog", "aria-label": title }, form);
  form.addEventListener("submit", accept);
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  return box;
}
