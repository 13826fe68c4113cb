// Makes and updates elements; no text of anybody's ever passes through innerHTML.
import { say } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `word`, `label`, `hint` are keys of words.js that become its text, aria-label (and title) and placeholder
 * and follow the page's language; `on` holds listeners, `data` the dataset, `css` custom properties.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node|string|null|undefined|false|Array<any>)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) give(node, name, value);
  node.append(...nodes(children));
  translateOne(node);
  return node;
}

/** @param {Array<any>} children @returns {Array<Node|string>} */
function nodes(children) {
  return children.flat(Infinity).filter((child) => child != null && child !== false);
}

/** @param {HTMLElement} node @param {string} name @param {any} value */
function give(node, name, value) {
  if (value == null || value === false) return;
  if (name === "class") node.className = value;
  else if (name === "on")
    for (const [kind, hear] of Object.entries(value)) node.addEventListener(kind, /** @type {any} */ (hear));
  else if (name === "data") Object.assign(node.dataset, value);
  else if (name === "css") for (const [key, is] of Object.entries(value)) node.style.setProperty(key, String(is));
  else if (WORDED.includes(name)) node.dataset[name] = value;
  else if (name in node && !name.startsWith("aria") && name !== "list") /** @type {any} */ (node)[name] = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

const WORDED = ["word", "label", "hint"];

/** @param {HTMLElement} node */
function translateOne(node) {
  const { word, label, hint } = node.dataset;
  if (word) node.textContent = say(word);
  if (label) {
    node.setAttribute("aria-label", say(label));
    if (node.tagName === "BUTTON") node.title = say(label);
  }
  if (hint) node.setAttribute("placeholder", say(hint));
}

/** Puts the words of the current language everywhere below `root`. @param {ParentNode} root */
export function translate(root) {
  root
    .querySelectorAll("[data-word],[data-label],[data-hint]")
    .forEach((node) => translateOne(/** @type {HTMLElement} */ (node)));
}

/**
 * An SVG element.
 * @param {string} tag
 * @param {Record<string, string|number>} [attributes]
 * @param {...any} children
 * @returns {any}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...nodes(children));
  return node;
}

/** A drawing of icons.js's, hidden from screen readers: the button around it carries the label. @param {string} path */
export function stroke(path) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: path }));
}

/**
 * Makes the children of `parent` those of `wanted`, touching only what differs, so that scrolling and focus stay.
 * @param {HTMLElement} parent @param {Node[]} wanted
 */
export function arrange(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!keep.has(child)) child.remove();
  wanted.forEach((node, at) => {
    if (parent.childNodes[at] !== node) parent.insertBefore(node, parent.childNodes[at] ?? null);
  });
}
