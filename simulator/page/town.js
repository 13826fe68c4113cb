// The place behind the phones, where there is one: begins in the page's language, wakes up, and begins anew when asked.
import { h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { openDialog } from "./menus.js";
import { language, say } from "./words.js";

/** @typedef {{state: "none"|"waiting"|"running"|"done"|"over", done: number, of: number, life?: number, language?: string, languages?: string[]}} Story */

/**
 * @param {import("./api.js").Api} api
 * @param {{line: ReturnType<typeof import("./line.js").createLine>, offer: HTMLElement, still: () => HTMLElement[]}} parts `line` says how far the place is;
 *   what is `still` cannot be used before it is awake
 */
export function createTown(api, { line, offer, still }) {
  /** @type {Story} */
  let story = { state: "none", done: 0, of: 0 };
  let refused = false;
  let leaving = false;
  const button = h(
    "button",
    { type: "button", class: "tool-button again", label: "again", hidden: true, on: { click: ask } },
    stroke(icons.again),
    h("span", { word: "again" }),
  );
  const yes = h("button", { type: "button", class: "button main", word: "offerYes", on: { click: () => begin(true) } });
  const no = h("button", { type: "button", class: "round", label: "offerNo", on: { click: dismiss } }, stroke(icons.close));
  const words = h("p", { role: "status" });
  offer.append(words, yes, no);

  const asleep = () => story.state === "waiting" || story.state === "running";

  /** Looks how far the place is, each time the page is connected. @returns {Promise<boolean>} whether it goes on here */
  async function connected() {
    const told = await (await fetch(api.address("/sim/story"))).json();
    if (!hear(told)) return false;
    if (told.state === "waiting") await begin(false);
    return told.state !== "over";
  }

  /**
   * Takes what is told, by an event or by the answer to a question, whichever comes first. Where another life has begun
   * the page comes anew, once. @param {Partial<Story>} told @returns {boolean} whether this page goes on
   */
  function hear(told) {
    if (story.life && told.life && told.life !== story.life) leave();
    if (leaving) return false;
    story = { ...story, ...told };
    if (story.state === "over") api.end();
    const share = `${Math.round((100 * story.done) / (story.of || 1))} %`;
    line.root.style.setProperty("--done", share.replace(" ", ""));
    line.root.classList.toggle("waking", asleep());
    line.tell(asleep() ? "waking" : story.state === "over" ? "againNow" : null, asleep() ? share : "");
    show();
    return true;
  }

  function leave() {
    if (!leaving) location.reload();
    leaving = true;
  }

  function show() {
    button.hidden = !story.life;
    still().forEach((part) => (part.inert = asleep() || story.state === "over"));
    const other = story.languages?.includes(language()) && story.language !== language();
    offer.hidden = !(story.state === "done" && other && !refused);
    words.textContent = offer.hidden ? "" : say("offer");
  }

  function dismiss() {
    refused = true;
    show();
  }

  function ask() {
    openDialog({
      title: say("againTitle"),
      main: say("again"),
      content: [h("p", {}, say("againSure"))],
      accept: () => begin(true),
    });
  }

  /** @param {boolean} again anew, whatever was done */
  async function begin(again) {
    const begun = api.post("/sim/town", { language: language(), again });
    if (!again) return begun;
    hear({ state: "over" });
    await begun.catch(() => {});
    leave();
  }

  return { button, connected, hear, show, asleep, ended: () => story.state === "over" };
}
