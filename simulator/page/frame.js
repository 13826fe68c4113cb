// The parts every phone is drawn from.
import { h, stroke, svg } from "./dom.js";
import { icons } from "./icons.js";

/** The phone's parts. @param {number} id @param {number} hue @param {HTMLElement} log @param {HTMLElement} composer */
export function drawFrame(id, hue, log, composer) {
  const owner = h("h2", { class: "owner", id: `owner-${id}` });
  const role = h("span", { class: "role" });
  const more = h(
    "button",
    { type: "button", class: "round", "aria-haspopup": "menu", "aria-expanded": "false" },
    stroke(icons.more),
  );
  const time = h("span", { class: "status-time", "aria-hidden": "true" });
  const bot = h("b");
  const action = h("small", { class: "action" });
  const face = h("span", { class: "avatar", "aria-hidden": "true" });
  const empty = h("div", { class: "empty" });
  const gateWords = h("p");
  const start = h("button", { type: "button", class: "button main start" });
  const gate = h("div", { class: "gate" }, gateWords, start);
  const status = h("div", { class: "status" }, time, battery());
  const name = h("span", { class: "chat-name" }, bot, action);
  const head = h(
    "button",
    { type: "button", class: "chat-head", "aria-haspopup": "menu", "aria-expanded": "false" },
    face,
    name,
  );
  const screen = h("div", { class: "screen" }, status, head, h("div", { class: "wall" }, log, empty), composer, gate);
  const caption = h(
    "header",
    { class: "caption" },
    h("span", { class: "dot", "aria-hidden": "true" }),
    owner,
    role,
    more,
  );
  const root = h(
    "section",
    { class: "phone", id: `phone-${id}`, css: { "--hue": hue }, data: { seen: "true" } },
    caption,
    screen,
  );
  return { root, screen, head, owner, role, more, time, bot, action, face, empty, gate, gateWords, start };
}

/** The two small drawings every phone has at its top. */
function battery() {
  const bars = [0, 1, 2, 3].map((at) =>
    svg("rect", { x: at * 5, y: 8 - at * 2.4, width: 3.4, height: 3 + at * 2.4, rx: 1 }),
  );
  const cell = [
    svg("rect", { x: 26.5, y: 1, width: 19, height: 9.5, rx: 3, class: "hollow" }),
    svg("rect", { x: 28.5, y: 3, width: 12, height: 5.5, rx: 1.5 }),
  ];
  return svg("svg", { viewBox: "0 0 48 12", class: "battery", "aria-hidden": "true" }, bars, cell);
}
