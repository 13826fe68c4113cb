// Pictures, voice, files, places and contacts inside a message.
import { h, stroke } from "./dom.js";
import { icons } from "./icons.js";
import { coordinates, mapOf } from "./map.js";
import { lasting, say, weight } from "./words.js";

/** @typedef {any} Media what a message carries beside words; `kind` names it, `url` is where its file is */
/** @typedef {(path: string) => string} Address the address the browser can fetch a file at */

/**
 * @param {import("./message.js").Message} message
 * @param {Address} address
 * @returns {Node|null}
 */
export function mediaOf(message, address) {
  const media = message.media;
  switch (media?.kind) {
    case undefined:
      return null;
    case "photo":
      return pictures([message], address);
    case "video":
    case "video_note":
      return video(media, address);
    case "voice":
      return player(media, address);
    case "audio":
      return h("div", {}, player(media, address), fileCard(media, address));
    case "document":
    case "animation":
      return fileCard(media, address);
    case "location":
      return place(media);
    case "venue":
      return place(media.location, media);
    case "contact":
      return contact(media);
    case "sticker":
      return h("p", { class: "sticker", title: say("sticker") }, media.emoji ?? say("sticker"));
    default:
      return h("p", { class: "unsupported" }, say("unsupported", { kind: media.kind }));
  }
}

/**
 * One photo, or the photos and videos of an album in a grid.
 * @param {import("./message.js").Message[]} messages @param {Address} address
 */
export function pictures(messages, address) {
  const count = String(Math.min(messages.length, 10));
  return h(
    "div",
    { class: "pictures", data: { count } },
    messages.map((message) => tile(message, address)),
  );
}

/** @param {import("./message.js").Message} message @param {Address} address */
function tile(message, address) {
  const { kind, url, width, height } = message.media;
  if (kind !== "photo") return h("div", { class: "tile" }, mediaOf(message, address));
  const alt = message.text || say("photoBy", { name: message.from.name });
  const source = address(url);
  const image = h("img", { src: source, alt, width, height, decoding: "async" });
  const node = h("button", { type: "button", class: "tile", "aria-label": `${say("openPhoto")}: ${alt}` }, image);
  if (message.media.spoiler) hide(node);
  node.addEventListener("click", () => enlarge(source, alt));
  return node;
}

/** Blurs a picture until it is pressed the first time. @param {HTMLElement} node */
function hide(node) {
  const label = node.getAttribute("aria-label") ?? "";
  node.classList.add("veiled");
  node.setAttribute("aria-label", say("spoilerPhoto"));
  node.title = say("spoilerPhoto");
  node.addEventListener(
    "click",
    (event) => {
      event.stopImmediatePropagation();
      node.classList.remove("veiled");
      node.setAttribute("aria-label", label);
      node.title = label;
    },
    { once: true },
  );
}

/** Shows a picture over everything until it is closed. @param {string} source @param {string} words */
function enlarge(source, words) {
  const close = h("button", { type: "button", class: "round lightbox-close", label: "close" }, stroke(icons.close));
  const box = h("dialog", { class: "lightbox", "aria-label": words }, h("img", { src: source, alt: words }), close);
  box.addEventListener("click", () => box.close());
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

/** @param {Media} clip @param {Address} address */
function video(clip, address) {
  const [width, height] = [clip.width ?? clip.length, clip.height ?? clip.length];
  return h("video", {
    class: "video",
    src: address(clip.url),
    controls: true,
    preload: "none",
    width,
    height,
    "aria-label": say("media.video"),
  });
}

/** @param {Media} sound @param {Address} address */
function player(sound, address) {
  const audio = new Audio();
  const length = lasting(sound.duration ?? 0);
  const time = h("span", { class: "voice-time" }, length);
  const button = h(
    "button",
    { type: "button", class: "round voice-play", "aria-label": say("playVoice", { length }) },
    stroke(icons.play),
  );
  const bars = waveform(sound.file_unique_id ?? sound.file_id);
  button.addEventListener("click", () => {
    if (!audio.src) audio.src = address(sound.url);
    if (audio.paused) audio.play().catch(() => button.classList.add("broken"));
    else audio.pause();
  });
  const show = () => {
    button.setAttribute("aria-pressed", String(!audio.paused));
    button.replaceChildren(stroke(audio.paused ? icons.play : icons.pause));
  };
  for (const kind of ["play", "pause", "ended"]) audio.addEventListener(kind, show);
  audio.addEventListener("timeupdate", () => {
    time.textContent = audio.paused ? length : lasting(audio.currentTime);
    const part = audio.currentTime / (sound.duration || audio.duration || 1);
    [...bars.children].forEach((bar, at) => bar.classList.toggle("played", at / bars.children.length < part));
  });
  return h("div", { class: "voice" }, button, h("div", { class: "voice-body" }, bars, time));
}

/** Bars of heights that belong to the file. @param {string} id */
function waveform(id) {
  let seed = [...id].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 65521, 7);
  const bars = Array.from({ length: 30 }, (_, at) => {
    seed = (seed * 75 + 74) % 65537;
    return h("i", {
      css: { "--height": (0.18 + 0.82 * Math.abs(Math.sin(at / 4.1)) * (0.35 + (seed % 100) / 154)).toFixed(2) },
    });
  });
  return h("span", { class: "waveform", "aria-hidden": "true" }, bars);
}

/** @param {Media} file @param {Address} address */
function fileCard(file, address) {
  const name = file.name || file.file_name || "file";
  const about = h("span", { class: "file-about" }, h("b", {}, name), h("small", {}, weight(file.file_size)));
  const icon = h(
    "span",
    { class: "file-icon" },
    stroke(icons.file),
    h("span", { class: "file-arrow" }, stroke(icons.download)),
  );
  return h(
    "a",
    { href: address(file.url), download: name, class: "file", "aria-label": say("download", { name }) },
    icon,
    about,
  );
}

/** @param {import("./map.js").Place} where @param {{title: string, address: string}} [venue] */
function place(where, venue) {
  const words = venue ? [h("b", {}, venue.title), h("span", {}, venue.address)] : coordinates(where);
  return h("figure", { class: "place" }, mapOf(where), h("figcaption", {}, words));
}

/** @param {Media} card */
function contact(card) {
  const name = [card.first_name, card.last_name].filter(Boolean).join(" ");
  const about = h("span", { class: "file-about" }, h("b", {}, name), h("small", {}, card.phone_number));
  return h(
    "div",
    { class: "contact" },
    h("span", { class: "avatar", "aria-hidden": "true" }, [...name][0] ?? "?"),
    about,
  );
}
