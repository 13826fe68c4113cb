// Walking through a chat by keyboard: arrow keys go from message to message, Tab only to the buttons of the one chosen.

/** What the Tab key stops at in a message. */
export const CONTROLS = "button, [role=button], a[href], video, summary, input";

/**
 * Makes a chat of any length two stops of the Tab key: the list, and one message's buttons (at first the newest's).
 * @param {HTMLElement} list
 */
export function createWalk(list) {
  /** @type {string|undefined} */
  let at;

  const rows = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[data-id]")]);
  const newest = (/** @type {HTMLElement[]} */ all) => all.findLast((row) => row.querySelector(CONTROLS));

  /** Sets the Tab key's stops anew, after messages came or went. */
  function mark() {
    const all = rows();
    const chosen = all.find((row) => row.dataset.id === at) ?? newest(all);
    for (const row of all) {
      row.tabIndex = -1;
      for (const one of row.querySelectorAll(CONTROLS))
        /** @type {HTMLElement} */ (one).tabIndex = row === chosen ? 0 : -1;
    }
  }

  /** @param {FocusEvent} event */
  function follow(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest("[data-id]");
    const id = /** @type {HTMLElement|null} */ (row)?.dataset.id;
    if (!id || id === at) return;
    at = id;
    mark();
  }

  /** Whoever leaves the chat finds the newest message when coming back. @param {FocusEvent} event */
  function leave(event) {
    if (list.contains(/** @type {Node|null} */ (event.relatedTarget)) || !event.relatedTarget) return;
    at = undefined;
    mark();
  }

  /** @param {KeyboardEvent} event */
  function step(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.altKey || event.ctrlKey || event.metaKey || target.matches("video, input")) return;
    const all = rows();
    const here = all.indexOf(/** @type {HTMLElement} */ (target.closest("[data-id]")));
    const last = all.length - 1;
    const to = {
      ArrowUp: here < 0 ? last : Math.max(here - 1, 0),
      ArrowDown: here < 0 ? last : Math.min(here + 1, last),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    all[to].focus();
  }

  list.addEventListener("focusin", follow);
  list.addEventListener("focusout", leave);
  list.addEventListener("keydown", step);
  return { mark };
}
