// The bot's clock: what time it is, drawn as a day with its working hours, and buttons that put it forward.
import { h, stroke, svg } from "./dom.js";
import { icons } from "./icons.js";
import { dated, say } from "./words.js";

const MINUTE = 60_000;
const STEPS = [
  { word: "plus10m", span: "10m" },
  { word: "plus1h", span: "1h" },
  { word: "plus1d", span: "1d" },
];
/** The next weekday at this time is "the next morning": shortly after offices open. */
const MORNING = { hour: 8, minute: 35 };
const WORK = [8.5, 17.5];
const WIDE = 240;
/** As in narrow.css. */
const narrow = matchMedia("(max-width: 820px)");

/**
 * @param {HTMLElement} place
 * @param {import("./api.js").Api} api
 * @param {() => void} ticked called whenever the time shown may have changed
 */
export function createClock(place, api, ticked) {
  // `at` is the bot's time when performance.now() was `since`.
  const state = { at: 0, since: 0, zone: /** @type {string|undefined} */ (undefined), runs: true };
  const time = h("strong", { class: "clock-time" });
  const date = h("span", { class: "clock-date" });
  const steps = h("div", { class: "clock-steps", role: "group", label: "moveClock" });
  const day = drawDay();
  const said = h("p", { class: "visually-hidden", role: "status" });
  const buttons = [
    ...STEPS.map(({ word, span }) => button(word, () => span)),
    button("nextMorning", () => toMorning(now(), state.zone)),
  ];
  steps.append(...buttons);
  const hold = h("button", { type: "button", class: "tool-button", label: "holdClock", hidden: true });
  hold.addEventListener("click", async () => set(await api.post("/sim/clock", { runs: !state.runs })));
  place.append(hold, h("div", { class: "clock-now" }, time, date), day.root, steps, said);
  narrow.addEventListener("change", settle);
  settle();

  /** In a narrow window the steps are a line of their own, behind the tools in every order. */
  function settle() {
    if (narrow.matches) place.parentElement?.append(steps);
    else said.before(steps);
  }

  /** @param {string} word @param {() => string} span */
  function button(word, span) {
    return h("button", { type: "button", word, on: { click: () => advance(span()) } });
  }

  const now = () => new Date(state.at + (state.runs ? performance.now() - state.since : 0));

  /** @param {{now: string, zone?: string, runs?: boolean}} told */
  function set(told) {
    state.at = Date.parse(told.now);
    state.since = performance.now();
    state.zone = told.zone ?? state.zone;
    state.runs = told.runs ?? state.runs;
    if (told.runs !== undefined) hold.hidden = false;
    hold.setAttribute("aria-pressed", String(!state.runs));
    hold.replaceChildren(stroke(state.runs ? icons.pause : icons.play));
    show();
  }

  function show() {
    if (!state.at) return;
    const current = now();
    time.textContent = dated(current, state.zone, { hour: "2-digit", minute: "2-digit" });
    date.textContent = dated(current, state.zone, {
      year: "numeric",
      month: "short",
      day: "numeric",
      weekday: "short",
    });
    day.show(hours(current, state.zone), isWorkday(current, state.zone));
    ticked();
  }

  /** @param {string} span such as "1d" */
  async function advance(span) {
    if (busy()) return;
    mark(true);
    try {
      set(await api.post("/sim/clock", { advance: span }));
      said.textContent = `${time.textContent} ${date.textContent}`;
    } catch (error) {
      said.textContent = say("failed", { why: /** @type {Error} */ (error).message });
    }
    mark(false);
  }

  // Not `disabled`, which would take the focus away from the button that was pressed.
  const busy = () => buttons[0].getAttribute("aria-disabled") === "true";
  const mark = (/** @type {boolean} */ is) => buttons.forEach((one) => one.setAttribute("aria-disabled", String(is)));

  const fetchNow = async () => set(await api.get("/sim/clock"));
  setInterval(show, 5_000);
  return {
    set,
    show,
    advance,
    fetch: fetchNow,
    now: () => (state.at ? now() : undefined),
    zone: () => state.zone,
    morning: () => toMorning(now(), state.zone),
  };
}

/** The wall clock's parts there. @param {Date} date @param {string|undefined} zone */
function parts(date, zone) {
  const form = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hourCycle: "h23",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  });
  return Object.fromEntries(form.formatToParts(date).map((part) => [part.type, part.value]));
}

/** @param {Date} date @param {string|undefined} zone */
function hours(date, zone) {
  const { hour, minute } = parts(date, zone);
  return Number(hour) + Number(minute) / 60;
}

/** @param {Date} date @param {string|undefined} zone */
function isWorkday(date, zone) {
  return !["Sat", "Sun"].includes(parts(date, zone).weekday);
}

/**
 * How long until the next weekday's morning, as a span the simulator reads.
 * @param {Date} from @param {string|undefined} zone
 */
export function toMorning(from, zone) {
  let minutes = Math.round((MORNING.hour + MORNING.minute / 60 - hours(from, zone)) * 60);
  if (minutes <= 0) minutes += 24 * 60;
  while (!isWorkday(new Date(from.getTime() + minutes * MINUTE), zone)) minutes += 24 * 60;
  return `${minutes}m`;
}

/** A day from 0 to 24 as a line, working hours stronger, with a dot for now. */
function drawDay() {
  const at = (/** @type {number} */ hour) => 4 + (hour / 24) * (WIDE - 8);
  const line = svg("line", { class: "day-line", x1: at(0), x2: at(24), y1: 9, y2: 9 });
  const work = svg("line", { class: "day-work", x1: at(WORK[0]), x2: at(WORK[1]), y1: 9, y2: 9 });
  const dot = svg("circle", { class: "day-now", r: 6, cx: 0, cy: 9 });
  const labels = [0, 6, 12, 18, 24].map((hour) => svg("text", { class: "day-hour", x: at(hour), y: 25 }, String(hour)));
  const root = h(
    "div",
    { class: "day", "aria-hidden": "true" },
    svg("svg", { viewBox: `0 0 ${WIDE} 28` }, line, work, labels, dot),
  );
  const show = (/** @type {number} */ hour, /** @type {boolean} */ workday) => {
    dot.style.transform = `translateX(${at(hour)}px)`;
    work.style.opacity = workday ? "1" : "0.25";
  };
  return { root, show };
}
