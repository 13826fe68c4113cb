// What the tests of access measure in the page: contrast, sizes of what is pressed, what runs out of the window.
window.looks = (() => {
  const cache = new Map();
  let pictures = [];
  let pen;

  /** Any CSS colour as sRGB with alpha; the browser itself converts it. */
  function colour(text) {
    if (!cache.has(text)) {
      pen ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", {
        willReadFrequently: true,
      });
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = text;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      cache.set(text, [r, g, b, a / 255]);
    }
    return cache.get(text);
  }

  const mix = (top, under, share) => top.slice(0, 3).map((part, at) => part * share + under[at] * (1 - share));
  const over = (top, under) => mix(top, under, top[3]);

  function luminance(rgb) {
    const [r, g, b] = rgb.map((part) => {
      const c = part / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function ratio(one, other) {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  const ancestors = (node) => (node ? [...ancestors(node.parentElement), node] : []);
  const unclipped = (node) => ancestors(node).every((one) => getComputedStyle(one).clipPath !== "inset(50%)");
  const seen = (node) =>
    node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    node.getBoundingClientRect().width > 0 &&
    unclipped(node);
  const covered = (node) => document.querySelector("dialog:modal")?.contains(node) === false;
  const idle = (node) => node.closest(":disabled, [aria-disabled='true'], [inert]") !== null || covered(node);
  const name = (node) =>
    ancestors(node)
      .slice(-3)
      .map((one) => one.localName + [...one.classList].map((kind) => `.${kind}`).join(""))
      .join(" > ");

  /** The pictures whose pixels may lie behind `node`, each with the nearest ancestor both have. */
  function picturesBehind(chain, box) {
    const node = chain.at(-1);
    return pictures
      .filter((one) => one !== node && !covered(node) && meets(shownPart(one, node), box))
      .map((one) => chain.findLast((up) => up.contains(one)));
  }

  /** A picture's rectangle, cut at every scroller that does not hold `node` too. */
  function shownPart(picture, node) {
    const cut = { ...picture.getBoundingClientRect().toJSON() };
    for (const up of ancestors(picture.parentElement)) {
      if (up.contains(node) || getComputedStyle(up).overflow === "visible") continue;
      const box = up.getBoundingClientRect();
      for (const edge of ["top", "left"]) cut[edge] = Math.max(cut[edge], box[edge]);
      for (const edge of ["bottom", "right"]) cut[edge] = Math.min(cut[edge], box[edge]);
    }
    return cut;
  }

  const meets = (one, other) =>
    one.left < other.right - 1 &&
    other.left < one.right - 1 &&
    one.top < other.bottom - 1 &&
    other.top < one.bottom - 1;

  /** Foreground and background as they are mixed on the screen; a picture counts as the worst it could be. */
  function painted(node, ink, box) {
    const chain = ancestors(node);
    const commons = picturesBehind(chain, box);
    const worst = commons.length
      ? [
          [0, 0, 0],
          [255, 255, 255],
        ]
      : [null];
    return worst.map((pixel) => paint(chain, 0, [255, 255, 255], colour(ink), pixel, commons));
  }

  function paint(chain, at, backdrop, ink, pixel, commons) {
    const style = getComputedStyle(chain[at]);
    if (style.backgroundImage !== "none") throw new Error(`a background image: ${name(chain[at])}`);
    let ground = over(colour(style.backgroundColor), backdrop);
    if (pixel && commons.includes(chain[at])) ground = pixel;
    const last = at === chain.length - 1;
    const [top, under] = last ? [over(ink, ground), ground] : paint(chain, at + 1, ground, ink, pixel, commons);
    const share = Number(style.opacity);
    return share < 1 ? [mix(top, backdrop, share), mix(under, backdrop, share)] : [top, under];
  }

  const least = (node, ink, box = node.getBoundingClientRect()) =>
    Math.min(...painted(node, ink, box).map(([top, under]) => ratio(top, under)));

  /** Text that is large by WCAG: 24 px, or 18.66 px and bold. */
  function enough(style) {
    const size = parseFloat(style.fontSize);
    return size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
  }

  function* texts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode.parentElement;
      if (!/[\p{L}\p{N}]/u.test(walker.currentNode.data) || node.closest("script, style, noscript, option")) continue;
      if (!seen(node) || idle(node)) continue;
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      yield { node, words: walker.currentNode.data.trim(), box: range.getBoundingClientRect() };
    }
  }

  /** Every text, icon and field in a part of the page whose contrast is too small. */
  function contrast(part = "body") {
    let checked = 0;
    pictures = [...document.querySelectorAll("img, video")].filter(seen);
    const faults = new Set();
    const judge = (node, what, ink, need, box) => {
      checked += 1;
      const is = least(node, ink, box);
      if (is < need) faults.add(`${is.toFixed(2)} < ${need}: ${what} (${name(node)})`);
    };
    const inside = (node) => node.closest(part) !== null;
    for (const { node, words, box } of texts()) {
      if (!inside(node)) continue;
      const style = getComputedStyle(node);
      judge(node, words.slice(0, 24), node.closest("svg") ? style.fill : style.color, enough(style), box);
    }
    for (const node of document.querySelectorAll("svg.icon"))
      if (inside(node) && seen(node) && !idle(node)) judge(node, "icon", getComputedStyle(node).stroke, 3);
    for (const node of document.querySelectorAll(
      "textarea, select, input:not([type=range], [type=checkbox], [type=file])",
    )) {
      if (!inside(node) || !seen(node) || idle(node)) continue;
      judge(node.parentElement, "edge of a field", getComputedStyle(node).borderTopColor, 3);
      judge(node, "text of a field", getComputedStyle(node).color, 4.5);
      if (node.placeholder) judge(node, "placeholder", getComputedStyle(node, "::placeholder").color, 4.5);
    }
    return { checked, faults: [...faults] };
  }

  const PRESSED = "button, a[href], input, select, textarea, summary, [role=option], [tabindex='0']";

  /** What is pressed and is smaller than 24 × 24 px; links within a sentence may be. */
  function small() {
    const all = [...document.querySelectorAll(PRESSED)].filter((node) => seen(node) && !node.closest(".words"));
    const size = (node) => (node.matches("[type=checkbox]") ? node.closest("label") : node).getBoundingClientRect();
    const faults = all.filter((node) => size(node).width < 23.9 || size(node).height < 23.9);
    return {
      checked: all.length,
      faults: faults.map((node) => `${Math.round(size(node).width)}×${Math.round(size(node).height)} ${name(node)}`),
    };
  }

  /** What needs scrolling sideways, or is cut off at the window's edge. */
  function wide() {
    const faults = [];
    const within = (box) => box.left > -1 && box.right < innerWidth + 1;
    let checked = 0;
    if (document.documentElement.scrollWidth > innerWidth) faults.push("the page itself");
    for (const node of document.querySelectorAll("body *")) {
      const scrolls = ["auto", "scroll"].includes(getComputedStyle(node).overflowX);
      if (scrolls && node.scrollWidth > node.clientWidth + 1 && !node.matches("#phones, #tabs"))
        faults.push(name(node));
    }
    for (const { node, words, box } of texts()) {
      const elsewhere = node.closest(".phone") && !within(node.closest(".phone").getBoundingClientRect());
      if (elsewhere || node.closest("#tabs, .quote, .context")) continue;
      checked += 1;
      if (!within(box)) faults.push(`${words.slice(0, 24)} (${name(node)})`);
    }
    return { checked, faults };
  }

  /** How well the focus is seen: the width of its ring in px and its contrast with what it lies on. */
  function ring() {
    pictures = [...document.querySelectorAll("img, video")].filter(seen);
    const node = document.activeElement;
    const style = getComputedStyle(node);
    const after = getComputedStyle(node, "::after");
    if (style.outlineStyle === "none" && parseFloat(after.borderTopWidth) > 0) {
      const shadow = /^(.*?\))/.exec(after.boxShadow)?.[1] ?? after.borderTopColor;
      const two = [after.borderTopColor, shadow].map((one) => over(colour(one), [255, 255, 255]));
      return { name: name(node), width: parseFloat(after.borderTopWidth), contrast: ratio(...two) };
    }
    const under = parseFloat(style.outlineOffset) < 0 ? node : node.parentElement;
    const width = style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth);
    return { name: name(node), width, contrast: least(under, style.outlineColor, node.getBoundingClientRect()) };
  }

  /** Everything that live regions were given since the page began, in order. */
  const said = [];
  const LIVE = "[aria-live], [role=status], [role=alert], [role=log]";
  function hear(changes) {
    for (const { target, addedNodes, type } of changes) {
      const place = (target.closest ? target : target.parentElement)?.closest?.(LIVE);
      if (!place || place.getAttribute("aria-live") === "off") continue;
      const words = type === "characterData" ? target.data : [...addedNodes].map((node) => node.textContent).join("");
      if (words.trim() && !target.closest?.("[aria-hidden=true]")) said.push(words.trim());
    }
  }
  new MutationObserver(hear).observe(document, { childList: true, characterData: true, subtree: true });

  return { contrast, small, wide, ring, said };
})();
