// Puts the page together: the phones, the clock, the panel and the tour, kept up to date by the simulator's events.
import { createApi, listen } from "./api.js";
import { createClock } from "./clock.js";
import { h, stroke, translate } from "./dom.js";
import { createGuide } from "./guide.js";
import { icons } from "./icons.js";
import { createLine } from "./line.js";
import { createPanel } from "./panel.js";
import { createPhones } from "./phones.js";
import { createTown } from "./town.js";
import { tour } from "./tour.js";
import { language, onLanguage, remember, remembered, say, setLanguage } from "./words.js";

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

const api = createApi(location.search);
const clock = createClock(part("clock"), api, () => phones.each((phone) => phone.tick()));
const phones = createPhones(part("phones"), part("tabs"), {
  api,
  zone: clock.zone,
  now: () => clock.now()?.toISOString(),
  inspect,
});
const panel = createPanel(part("panel"), api, (call) => phones.find(Number(call.params?.chat_id))?.refused(call));
const guide = createGuide(part("tour"), tour, { phones, api, advance: clock.advance, morning: clock.morning });

const line = createLine(part("connection"), part("progress"));
const town = createTown(api, {
  line,
  offer: part("offer"),
  still: () => [
    ...["phones", "tabs", "clock", "panel"].map(part),
    /** @type {HTMLElement} */ (document.querySelector(".clock-steps")),
    tourButton,
    addButton,
  ],
});

const panelButton = tool("panel", icons.panel, () => openPanel(part("panel").hidden));
panelButton.setAttribute("aria-expanded", "false");
panelButton.setAttribute("aria-controls", "panel");
const languageButton = h("button", { type: "button", class: "tool-button", label: "language", word: "languageShort" });
const themeButton = h("button", { type: "button", class: "tool-button theme", label: "theme" });

/** @param {string} word @param {string} icon @param {() => void} act */
function tool(word, icon, act) {
  return h(
    "button",
    { type: "button", class: "tool-button", label: word, on: { click: act } },
    stroke(icon),
    h("span", { word }),
  );
}

/** @param {import("./phone.js").Phone} phone @param {import("./message.js").Message} message */
function inspect(phone, message) {
  openPanel(true);
  phones.each((one) => one.log.choose(one === phone ? message.message_id : null));
  const { id, title } = phone.chat().chat;
  const album = phone.chat().messages.filter((/** @type {any} */ one) => message.album && one.album === message.album);
  const messages = album.length ? album.map((/** @type {any} */ one) => one.message_id) : [message.message_id];
  panel.choose({ chat: id, messages, name: id === phone.id ? phone.person.first_name : title });
}

/** @param {boolean} open */
function openPanel(open) {
  if (open && !part("panel").contains(document.activeElement)) opener = document.activeElement;
  panel.toggle(open);
  panelButton.setAttribute("aria-expanded", String(open));
  if (open) part("panel").focus({ preventScroll: true });
  else phones.each((phone) => phone.log.choose(null));
}

/** What had the focus before the panel took it. @type {any} */
let opener = null;

part("panel").addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  openPanel(false);
  (opener?.isConnected ? opener : panelButton).focus();
});

const dark = () =>
  (document.documentElement.dataset.theme ??
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function showTheme() {
  const theme = remembered("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  themeButton.setAttribute("aria-pressed", String(dark()));
  themeButton.replaceChildren(stroke(dark() ? icons.sun : icons.moon));
}

themeButton.addEventListener("click", () => {
  document.documentElement.dataset.theme = dark() ? "light" : "dark";
  remember("theme", document.documentElement.dataset.theme);
  showTheme();
});
languageButton.addEventListener("click", () => setLanguage(language() === "zh" ? "en" : "zh"));

onLanguage(() => {
  translate(document);
  document.title = `${part("bot-name").textContent} · ${say("title")}`;
  clock.show();
  phones.each((phone) => phone.relabel());
  panel.show();
  guide.relabel();
  town.show();
});

/** Fetches everything: at the start, when the place is awake, and after each time the connection was lost. */
async function refetch() {
  const [{ bot }] = await Promise.all([api.people(), clock.fetch()]);
  part("bot-name").textContent = bot.first_name;
  document.title = `${bot.first_name} · ${say("title")}`;
  await Promise.all([phones.gather(), panel.restart()]);
}

/** @param {boolean} resumed whether what happened meanwhile follows as events */
async function connected(resumed) {
  if ((await town.connected()) && !resumed) await refetch();
}

function lost() {
  if (!town.ended()) line.tell("lost");
}

/** @param {any} event */
function hear(event) {
  if (event.kind === "story") {
    town.hear(event);
    if (event.state === "done" || !phones.list().length) refetch().catch(lost);
  }
  if (town.asleep()) return;
  if (event.kind === "clock") clock.set(event);
  panel.hear(event);
  phones.hear(event);
}

const tourButton = tool("tour", icons.tour, guide.start);
tourButton.classList.add("leading");
const addButton = tool("addPhone", icons.plus, phones.addDialog);
addButton.classList.add("adds");
part("tools").append(tourButton, addButton, panelButton, town.button, languageButton, themeButton);
showTheme();
setLanguage(language());
listen(api, { event: hear, connected, lost });
