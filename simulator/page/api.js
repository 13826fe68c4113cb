// The simulator's control API as functions, and its events as they come.

/** The kinds of events that GET /sim/events sends by name. */
const KINDS = [
  "about",
  "message",
  "story",
  "read",
  "edit",
  "delete",
  "press",
  "answer",
  "action",
  "person",
  "member",
  "group",
  "commands",
  "clock",
  "chaos",
  "call",
  "webhook",
];
/** First and longest pause before the events are asked for again, ms. */
const [SOON, LATE] = [400, 6_000];

/** @typedef {ReturnType<typeof createApi>} Api */

/** A key in the page's address goes along with every call. @param {string} search */
export function createApi(search) {
  const given = new URLSearchParams(search);
  const kept = ["key", "token"].flatMap((name) => (given.has(name) ? [[name, given.get(name) ?? ""]] : []));

  /** @param {string} path */
  function address(path) {
    const url = new URL(path, location.origin);
    kept.forEach(([name, value]) => url.searchParams.set(name, value));
    return url.pathname + url.search;
  }

  let ended = false;
  /** @param {string} path @param {RequestInit} [how] @returns {Promise<any>} */
  async function ask(path, how) {
    if (ended) return new Promise(() => {});
    const response = await fetch(address(path), how);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error ?? `${response.status} ${response.statusText}`);
    return answer;
  }

  const get = (/** @type {string} */ path) => ask(path);
  const post = (/** @type {string} */ path, /** @type {any} */ body) =>
    ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

  /** @param {string} path @param {Record<string, any>} fields @param {File[]} files */
  function upload(path, fields, files) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields))
      if (value != null && value !== "") form.append(name, String(value));
    files.forEach((file, at) => form.append(`file${at}`, file, file.name));
    return ask(path, { method: "POST", body: form });
  }

  return {
    address,
    get,
    post,
    upload,
    people: () => get("/sim/people"),
    /** From now on nothing is asked any more, and nobody hears why: this page is about to be loaded anew. */
    end: () => void (ended = true),
    text: async (/** @type {string} */ path) => (await fetch(address(path))).text(),
  };
}

/**
 * Hears the simulator's events for as long as the page lives. After a break it asks for what came after the last event
 * it heard; `connected` is told whether those follow (true), or else whatever happened meanwhile has to be fetched.
 * Where that fails the connection is as good as lost, and made anew.
 * @param {Api} api
 * @param {{event: (event: any) => void, connected: (resumed: boolean) => Promise<void>, lost: () => void}} hear
 */
export function listen(api, hear) {
  let pause = SOON;
  /** The last event's place in the stream. */
  let place = "";
  function open() {
    const source = new EventSource(api.address(place ? `/sim/events?after=${place}` : "/sim/events"));
    let closed = false;
    source.addEventListener("hello", (message) => {
      place = message.lastEventId;
      hear.connected(JSON.parse(message.data).resumed).then(() => (pause = SOON), afresh);
    });
    source.addEventListener("error", again);
    function afresh() {
      place = "";
      again();
    }
    function again() {
      if (closed) return;
      closed = true;
      source.close();
      hear.lost();
      setTimeout(open, pause);
      pause = Math.min(pause * 2, LATE);
    }
    for (const kind of KINDS)
      source.addEventListener(kind, (message) => {
        place = message.lastEventId;
        hear.event(JSON.parse(message.data));
      });
  }
  open();
}
