// Where a person writes: words, attachments waiting to go, what is replied to or edited, commands, quick replies.
import { attachMenu } from "./attach.js";
import { createHints } from "./commands.js";
import { h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { replyKeyboard } from "./keyboard.js";
import { summary } from "./message.js";
import { openMenu } from "./menus.js";
import { say } from "./words.js";

/** @typedef {import("./message.js").Message} Message */
/** @typedef {import("./commands.js").Command} Command */
/**
 * @typedef {object} Deeds what the composer asks the phone to do
 * @property {(text: string, replyTo: number|undefined) => Promise<void>} say
 * @property {(id: number, text: string) => Promise<void>} edit
 * @property {(pictures: File[], caption: string, replyTo: number|undefined) => Promise<void>} photos
 * @property {(button: import("./message.js").Button) => Promise<void>} key a key of the reply keyboard
 * @property {import("./attach.js").Send} send everything else that can be sent
 */

/** @param {Deeds} deeds @param {string} id of the phone, for labels */
export function createComposer(deeds, id) {
  /** @type {{reply: Message|null, edit: Message|null, pictures: File[], commands: Command[]}} */
  const state = { reply: null, edit: null, pictures: [], commands: [] };
  const field = h("textarea", {
    id: `field-${id}`,
    class: "field-of-words",
    rows: 1,
    label: "message",
    hint: "message",
    dir: "auto",
    autocomplete: "off",
  });
  const send = h("button", { type: "submit", class: "round send", label: "send" }, stroke(icons.send));
  const attach = h(
    "button",
    { type: "button", class: "round", label: "attach", "aria-haspopup": "menu", "aria-expanded": "false" },
    stroke(icons.attach),
  );
  const menu = h(
    "button",
    {
      type: "button",
      class: "round",
      label: "commands",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      hidden: true,
    },
    stroke(icons.menu),
  );
  const keys = h(
    "button",
    { type: "button", class: "round", label: "replyKeyboard", "aria-pressed": "true", hidden: true },
    stroke(icons.keyboard),
  );
  const context = h("div", { class: "context", hidden: true });
  const tray = h("div", { class: "tray", hidden: true });
  const hints = createHints(field, choose);
  const board = h("div", { class: "board", hidden: true });
  const form = h(
    "form",
    { class: "composer" },
    hints.root,
    context,
    tray,
    h("div", { class: "composer-line" }, menu, attach, field, keys, send),
    board,
  );

  const grow = () => {
    field.style.setProperty("height", "auto");
    const edges = field.offsetHeight - field.clientHeight;
    if (field.scrollHeight) field.style.setProperty("height", `${Math.min(field.scrollHeight + edges, 132)}px`);
    send.classList.toggle("ready", Boolean(field.value.trim() || state.pictures.length));
  };
  const write = (/** @type {string} */ text) => {
    field.value = text;
    grow();
    hints.show(text, state.commands);
  };

  function showContext() {
    const about = state.edit ?? state.reply;
    context.hidden = !about;
    if (!about) return;
    const title = state.edit ? say("editing") : say("replyingTo", { name: about.from.name });
    const leave = h(
      "button",
      { type: "button", class: "round small", label: "cancel", on: { click: () => clear(Boolean(state.edit)) } },
      stroke(icons.close),
    );
    context.replaceChildren(
      stroke(state.edit ? icons.edit : icons.reply),
      h("p", {}, h("b", {}, title), h("span", {}, summary(about))),
      leave,
    );
  }

  /** @param {boolean} words whether the words go too */
  function clear(words) {
    Object.assign(state, { reply: null, edit: null });
    if (words) write("");
    showContext();
  }

  function showTray() {
    tray.hidden = !state.pictures.length;
    tray.replaceChildren(
      ...state.pictures.map((picture) =>
        thumbnail(picture, () => hold(state.pictures.filter((one) => one !== picture))),
      ),
    );
    field.placeholder = say(state.pictures.length ? "caption" : "message");
    grow();
  }

  /** @param {File[]} pictures */
  function hold(pictures) {
    state.pictures = pictures.slice(0, 10);
    showTray();
    field.focus();
  }

  /** What is still being painted; sending waits for it. @type {Promise<void>} */
  let painting = Promise.resolve();

  /** @param {File[]|Promise<File[]>} more */
  function add(more) {
    painting = Promise.all([more, painting]).then(([pictures]) => hold([...state.pictures, ...pictures]));
  }

  async function submit() {
    await painting;
    const text = field.value.trim();
    const { reply, edit, pictures } = state;
    if (!text && !pictures.length) return;
    hold([]);
    clear(true);
    if (edit) await deeds.edit(edit.message_id, text);
    else if (pictures.length) await deeds.photos(pictures, text, reply?.message_id);
    else await deeds.say(text, reply?.message_id);
  }

  /** @param {Command} command */
  function choose(command) {
    write("");
    field.focus();
    deeds.say(`/${command.command}`, undefined);
  }

  field.addEventListener("input", () => {
    grow();
    hints.show(field.value, state.commands);
  });
  field.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (hints.walk(event)) return;
    if (event.key === "Escape" && (state.reply || state.edit)) clear(Boolean(state.edit));
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  field.addEventListener("paste", (/** @type {ClipboardEvent} */ event) => {
    const pictures = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (pictures.length) add(pictures);
  });
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    submit();
  });
  attach.addEventListener("click", () => attachMenu(attach, { ...deeds.send, hold: add }));
  menu.addEventListener("click", () =>
    openMenu(
      menu,
      state.commands.map((one) => ({ text: `/${one.command}`, note: one.description, act: () => choose(one) })),
    ),
  );
  keys.addEventListener("click", () => {
    board.hidden = !board.hidden;
    keys.setAttribute("aria-pressed", String(!board.hidden));
  });

  /** Shows what the chat offers now. @param {{commands: Command[], keyboard: any}} chat */
  function update(chat) {
    state.commands = chat.commands ?? [];
    menu.hidden = !state.commands.length;
    const rows = chat.keyboard?.buttons;
    const signature = JSON.stringify(rows ?? null);
    keys.hidden = !rows;
    if (board.dataset.signature === signature) return;
    board.dataset.signature = signature;
    board.hidden = !rows;
    board.replaceChildren(...(rows ? [replyKeyboard(rows, deeds.key)] : []));
  }

  /** @param {Message} message */
  function replyTo(message) {
    Object.assign(state, { reply: message, edit: null });
    showContext();
    field.focus();
  }

  /** @param {Message} message */
  function editOf(message) {
    Object.assign(state, { edit: message, reply: null });
    write(message.text);
    showContext();
    field.focus();
  }

  const relabel = () => (showContext(), showTray());
  return { root: form, update, replyTo, editOf, write, submit, hold, relabel, field };
}

/** @param {File} picture @param {() => void} remove */
function thumbnail(picture, remove) {
  const source = URL.createObjectURL(picture);
  const image = h("img", { src: source, alt: picture.name, on: { load: () => URL.revokeObjectURL(source) } });
  return h(
    "button",
    { type: "button", class: "thumbnail", "aria-label": say("remove", { name: picture.name }), on: { click: remove } },
    image,
    stroke(icons.close),
  );
}
