// The menu of things to send beside words: pictures, samples, a place, a voice message, a file, a contact.
import { h } from "./dom.js";
import { icons } from "./icons.js";
import { coordinates, mapToChoose } from "./map.js";
import { openDialog, openMenu } from "./menus.js";
import { picture, scenes, sketch } from "./sample.js";
import { say } from "./words.js";

/** @typedef {import("./map.js").Place} Place */
/**
 * @typedef {object} Send
 * @property {(place: Place) => Promise<void>} location
 * @property {() => Promise<void>} voice
 * @property {(file: File) => Promise<void>} file
 * @property {() => Promise<void>} contact
 */

/** Where the map opens: Shenzhen, where the sample place is. */
const HOME = { latitude: 22.5431, longitude: 114.0579 };

/**
 * @param {HTMLElement} anchor
 * @param {Send & {hold: (pictures: File[]|Promise<File[]>) => void}} send `hold` keeps pictures until a caption is written
 */
export function attachMenu(anchor, send) {
  const take = (/** @type {import("./sample.js").Scene} */ scene) => {
    menu.hidePopover();
    send.hold(Promise.all([picture(scene)]));
  };
  const samples = h(
    "div",
    { class: "samples", role: "group", label: "samples" },
    scenes.map((scene) => sample(scene, take)),
  );
  const menu = openMenu(anchor, [
    { text: say("photo"), icon: icons.picture, act: async () => send.hold(await chosenFiles("image/*", true)) },
    samples,
    {
      text: say("album"),
      icon: icons.picture,
      act: () => send.hold(Promise.all(scenes.slice(1, 4).map(picture))),
    },
    { text: say("location"), icon: icons.pin, act: () => chooseLocation(send.location) },
    { text: say("voice"), icon: icons.voice, act: send.voice },
    { text: say("file"), icon: icons.file, act: async () => (await chosenFiles("", false)).forEach(send.file) },
    { text: say("contact"), icon: icons.contact, act: send.contact },
  ]);
}

/** @param {import("./sample.js").Scene} scene @param {(scene: import("./sample.js").Scene) => void} take */
function sample(scene, take) {
  const button = h("button", {
    type: "button",
    role: "menuitem",
    class: "sample",
    label: scene,
    on: { click: () => take(scene) },
  });
  setTimeout(async () => button.append(await sketch(scene)));
  return button;
}

/** @param {string} accept @param {boolean} multiple @returns {Promise<File[]>} none when the person changes their mind */
function chosenFiles(accept, multiple) {
  const input = h("input", { type: "file", accept, multiple });
  return new Promise((done) => {
    input.addEventListener("change", () => done([...input.files]));
    input.addEventListener("cancel", () => done([]));
    input.click();
  });
}

/** Opens the map; the place goes when it is confirmed. @param {(place: Place) => Promise<void>} send */
export function chooseLocation(send) {
  let place = HOME;
  const words = h("p", { class: "map-words", role: "status" }, coordinates(place));
  const map = mapToChoose(HOME, (chosen) => {
    place = chosen;
    words.textContent = coordinates(place);
  });
  const help = h("p", { class: "map-help" }, say("chooseOnMap"));
  openDialog({
    title: say("location"),
    main: say("sendLocation"),
    accept: () => send(place),
    content: [map, words, help],
  });
}

/** Asks before a phone number goes to the bot. @param {() => Promise<void>} send */
export function confirmContact(send) {
  openDialog({ title: say("contact"), main: say("share"), accept: send, content: [h("p", {}, say("shareContact"))] });
}
