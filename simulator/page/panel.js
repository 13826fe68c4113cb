// Behind the scenes: the bot's API calls, accidents to provoke, and the transcript of what was done.
import { h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { dated, has, say } from "./words.js";

/** @typedef {{seq: number, at: string, method: string, params: any, ok: boolean, result: any, error: string|null, message_id: number|null}} Call */
/** @typedef {{chat: number, messages: number[], name: string}} Chosen */

const SHOWN = 60;
/** Calls that only fetch updates say nothing about a message. */
const QUIET = new Set(["getUpdates", "getMe", "getWebhookInfo"]);

/**
 * @param {HTMLElement} place
 * @param {import("./api.js").Api} api
 * @param {(call: Call) => void} refused hears of each call Telegram refused
 */
export function createPanel(place, api, refused) {
  /** @type {Call[]} */
  let calls = [];
  /** @type {Chosen|null} */
  let chosen = null;
  /** @type {Map<string, {chat: number, message: number}>} what the presses were of */
  const presses = new Map();
  const title = h("p", { class: "panel-note" });
  const all = h("button", {
    type: "button",
    class: "button",
    word: "callsAll",
    hidden: true,
    on: { click: () => choose(null) },
  });
  const list = h("ol", { class: "calls" });
  const chaos = createChaos(api);
  place.append(
    section("callsTitle", true, title, all, list),
    section("chaosTitle", false, h("p", { class: "panel-note", word: "chaosWhy" }), chaos.root),
    section("transcriptTitle", false, h("p", { class: "panel-note", word: "transcriptWhy" }), saveButton(api)),
  );

  /** @param {Chosen|null} wanted */
  function choose(wanted) {
    chosen = wanted;
    show();
  }

  function show() {
    if (place.hidden) return;
    const found = chosen
      ? calls.filter((call) => concerns(call, /** @type {Chosen} */ (chosen), presses))
      : calls.filter((call) => !QUIET.has(call.method));
    title.textContent = chosen
      ? say("callsOfMessage", { id: chosen.messages[0], name: chosen.name })
      : say("callsRecent");
    all.hidden = !chosen;
    list.replaceChildren(
      ...found
        .slice(-SHOWN)
        .reverse()
        .map((call) => callLine(call, Boolean(chosen))),
    );
    if (!found.length) list.append(h("li", { class: "panel-note" }, say(chosen ? "callsNone" : "callsYet")));
  }

  /** Fetches the calls that are new. */
  let fetching = false;
  async function fetchCalls() {
    if (fetching) return;
    fetching = true;
    const after = calls.at(-1)?.seq ?? 0;
    const answer = await api.get(`/sim/calls?after=${after}&limit=1000`).catch(() => ({ calls: [] }));
    fetching = false;
    calls = [...calls, ...answer.calls].slice(-3000);
    if (after) answer.calls.filter((/** @type {Call} */ call) => !call.ok).forEach(refused);
    show();
  }

  let timer = 0;
  /** @param {any} event */
  function hear(event) {
    if (event.kind === "press") presses.set(event.query_id, { chat: event.chat_id, message: event.message_id });
    if (event.kind === "chaos") chaos.fetch();
    if (event.kind !== "call") return;
    clearTimeout(timer);
    timer = window.setTimeout(fetchCalls, 120);
  }

  /** After a reconnection the simulator may be another one. */
  async function restart() {
    calls = [];
    await Promise.all([fetchCalls(), chaos.fetch()]);
  }

  /** @param {boolean} open */
  function toggle(open) {
    place.hidden = !open;
    show();
  }

  return { choose, hear, show, restart, toggle };
}

/** @param {string} word @param {boolean} open @param {...any} content */
function section(word, open, ...content) {
  return h(
    "details",
    { class: "panel-section", open },
    h("summary", {}, h("h2", { word }), stroke(icons.down)),
    content,
  );
}

/** Whether a call was about a message. @param {Call} call @param {Chosen} chosen @param {Map<string, {chat: number, message: number}>} presses */
function concerns(call, { chat, messages }, presses) {
  const press = presses.get(call.params?.callback_query_id);
  if (press) return press.chat === chat && messages.includes(press.message);
  if (Number(call.params?.chat_id) !== chat) return false;
  const results = Array.isArray(call.result) ? call.result.map((one) => one.message_id) : [call.message_id];
  const about = [...results, Number(call.params.message_id), replied(call.params)];
  return about.some((id) => messages.includes(id));
}

/** @param {any} params */
function replied(params) {
  return Number(params.reply_parameters?.message_id ?? params.reply_to_message_id);
}

/** @param {Call} call @param {boolean} open */
function callLine(call, open) {
  const state = h("span", { class: call.ok ? "call-ok" : "call-no" }, call.ok ? "ok" : (call.error ?? "error"));
  const time = h(
    "time",
    { dateTime: call.at },
    dated(new Date(call.at), undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  );
  const answer = call.ok ? call.result : { error: call.error };
  const body = [
    h("h3", { word: "request" }),
    h("pre", { tabIndex: 0, role: "group", label: "request" }, pretty(call.params)),
    h("h3", { word: "answer" }),
    h("pre", { tabIndex: 0, role: "group", label: "answer" }, pretty(answer)),
  ];
  return h(
    "li",
    {},
    h("details", { class: "call", open }, h("summary", {}, h("code", {}, call.method), time, state), body),
  );
}

/** @param {any} value */
function pretty(value) {
  const opened = Object.entries(Object(value) === value && !Array.isArray(value) ? value : {}).map(([name, one]) => [
    name,
    parsed(one),
  ]);
  return JSON.stringify(opened.length ? Object.fromEntries(opened) : value, null, 2);
}

/** Parameters of forms are JSON in strings. @param {any} value */
function parsed(value) {
  if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** @param {import("./api.js").Api} api */
function createChaos(api) {
  const rate = h("input", { id: "chaos-rate", type: "range", min: 0, max: 50, step: 5, value: 0 });
  const shown = h("output", { htmlFor: "chaos-rate" });
  const kinds = h("fieldset", { class: "chaos-kinds" });
  const root = h(
    "div",
    {},
    h("label", { class: "chaos-rate", htmlFor: "chaos-rate" }, h("span", { word: "chaosRate" }), shown),
    rate,
    kinds,
  );
  /** @type {any} */
  let state = null;

  const chosen = () =>
    [...kinds.querySelectorAll("input:checked")].map((box) => /** @type {HTMLInputElement} */ (box).value);
  const set = async () => show(await api.post("/sim/chaos", { rate: Number(rate.value) / 100, kinds: chosen() }));
  const say_ = () => (shown.textContent = Number(rate.value) ? `${rate.value} %` : say("chaosOff"));
  rate.addEventListener("input", say_);
  rate.addEventListener("change", set);

  /** @param {any} told */
  function show(told) {
    state = told;
    rate.value = String(Math.round(told.rate * 100));
    say_();
    if (!kinds.children.length)
      kinds.append(h("legend", { class: "visually-hidden", word: "chaosTitle" }), ...told.known.map(box));
    kinds.querySelectorAll("label").forEach((/** @type {HTMLElement} */ label) => count(label));
  }

  /** @param {string} kind */
  function box(kind) {
    const input = h("input", {
      type: "checkbox",
      value: kind,
      checked: state.kinds.includes(kind),
      on: { change: set },
    });
    const word = has(`chaos.${kind}`) ? `chaos.${kind}` : kind;
    return h("label", { class: "chaos-kind", data: { kind } }, input, h("span", { word }), h("small"));
  }

  /** @param {HTMLElement} label */
  function count(label) {
    const times = state.counts[label.dataset.kind ?? ""];
    /** @type {HTMLElement} */ (label.querySelector("small")).textContent = times ? `×${times}` : "";
  }

  return { root, fetch: async () => show(await api.get("/sim/chaos")) };
}

/** @param {import("./api.js").Api} api */
function saveButton(api) {
  const save = async () => {
    const blob = new Blob([await api.text("/sim/transcript")], { type: "text/plain" });
    const link = h("a", { href: URL.createObjectURL(blob), download: "transcript.chat" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return h(
    "button",
    { type: "button", class: "button", on: { click: save } },
    stroke(icons.download),
    h("span", { word: "saveTranscript" }),
  );
}
