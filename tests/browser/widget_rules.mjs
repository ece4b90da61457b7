// Rules that look at what was drawn inside the widget's shadow root. axe passed pages with white stars on white
// and a button outside of its card; these did not.
import { axeSource } from "./widget_lab.mjs";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** axe's violations, and what it could not decide; contrast it cannot decide is decided by our own rule. */
export async function axeFaults(page) {
  await page.evaluate(axeSource);
  const { violations, incomplete } = await page.evaluate(
    (tags) => axe.run({ include: [["xiaoer-widget"]] }, { runOnly: { type: "tag", values: tags } }),
    TAGS,
  );
  const open = incomplete.filter((rule) => rule.id !== "color-contrast");
  return [...violations, ...open].map((rule) => `${rule.id}: ${rule.nodes.map((n) => `${n.target.flat().join(" ")} (${n.any[0]?.message ?? n.none[0]?.message ?? ""})`).join(" | ")}`);
}

/** Text whose contrast with what lies behind it is below 4.5. */
export const contrastFaults = (page) =>
  page.evaluate(() => {
    const brush = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = color;
      brush.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = brush.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const up = (el) => el.assignedSlot ?? el.parentElement ?? el.getRootNode().host ?? null;
    const ground = (el) => {
      const layers = [];
      for (let at = el; at; at = up(at)) {
        const layer = rgba(getComputedStyle(at).backgroundColor);
        layers.push(layer);
        if (layer[3] === 1) break;
      }
      return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
    };
    const bright = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0.05);
    const ratio = (a, b) => Math.max(bright(a), bright(b)) / Math.min(bright(a), bright(b));
    const faults = [];
    const judge = (el, color, what) => {
      const below = ground(el);
      const found = ratio(over(rgba(color), below), below);
      if (found < 4.5) faults.push(`${el.tagName.toLowerCase()}.${el.className}: ${found.toFixed(2)} ${what}`);
    };
    const root = document.querySelector("xiaoer-widget").shadowRoot;
    for (const el of root.querySelectorAll("*")) {
      const box = el.getBoundingClientRect();
      if (!box.width || !box.height || el.closest(".hidden, :disabled") || el.namespaceURI !== "http://www.w3.org/1999/xhtml") continue;
      const text = [...el.childNodes].filter((n) => n.nodeType === 3 && n.data.trim()).map((n) => n.data.trim()).join(" ");
      if (text) judge(el, getComputedStyle(el).color, text.slice(0, 30));
      if (el.placeholder && !el.value) judge(el, getComputedStyle(el, "::placeholder").color, "placeholder");
      if (el.value && el.matches("textarea, input:not([type=radio], [type=file]), select")) judge(el, getComputedStyle(el).color, "value");
    }
    return faults;
  });

/** Elements that leave their parent's box, cut-off content, a panel outside of the window. */
export const boxFaults = (page) =>
  page.evaluate(() => {
    const faults = [];
    const name = (el) => `${el.tagName.toLowerCase()}.${typeof el.className === "string" ? el.className : el.className.baseVal}`;
    const root = document.querySelector("xiaoer-widget").shadowRoot;
    const scrolls = (value) => value === "auto" || value === "scroll";
    for (const el of root.querySelectorAll(".launcher, .launcher *, .panel, .panel *")) {
      const style = getComputedStyle(el);
      const box = el.getBoundingClientRect();
      if (!box.width || !box.height || el.closest(".hidden, option") || el.matches("input[type=radio]")) continue;
      if (style.overflowX === "hidden" && el.scrollWidth > el.clientWidth + 1 && style.textOverflow !== "ellipsis") faults.push(`${name(el)} cuts off ${el.scrollWidth - el.clientWidth}px`);
      const parent = el.parentElement;
      if (!parent || style.position === "fixed" || style.position === "absolute" || el.matches(".panel, .launcher")) continue;
      const outer = parent.getBoundingClientRect();
      const { overflowX, overflowY, display } = getComputedStyle(parent);
      if (display === "inline" || display === "contents") continue;
      const wide = box.left < outer.left - 1.5 || box.right > outer.right + 1.5;
      const high = box.top < outer.top - 1.5 || box.bottom > outer.bottom + 1.5;
      if ((wide && !scrolls(overflowX)) || (high && !scrolls(overflowY))) {
        faults.push(`${name(el)} leaves ${name(parent)}: ${[box.left - outer.left, outer.right - box.right, box.top - outer.top, outer.bottom - box.bottom].map(Math.round)}`);
      }
    }
    for (const el of root.querySelectorAll(".panel, .launcher, .menu")) {
      const box = el.getBoundingClientRect();
      if (box.width && (box.left < -1 || box.top < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1)) faults.push(`${name(el)} leaves the window: ${[box.left, box.top, box.right, box.bottom].map(Math.round)} of ${innerWidth}x${innerHeight}`);
    }
    if (document.scrollingElement.scrollWidth > innerWidth + 1) faults.push("the page scrolls sideways");
    return faults;
  });

/** What a finger has to hit, on a touch screen. */
export const touchFaults = (page) =>
  page.evaluate(() => {
    if (!matchMedia("(pointer: coarse)").matches) return [];
    const small = [];
    for (const el of document.querySelector("xiaoer-widget").shadowRoot.querySelectorAll("button, summary, .stars label, .chips label, input:not([type=radio], [type=file]), select, textarea")) {
      const box = el.getBoundingClientRect();
      if (box.width && (box.height < 43.5 || box.width < Math.min(35.5, innerWidth / 8))) small.push(`${el.tagName.toLowerCase()}.${el.className} is ${Math.round(box.width)}x${Math.round(box.height)}`);
      const size = parseFloat(getComputedStyle(el).fontSize);
      if (el.matches("input, textarea, select") && size < 16) small.push(`${el.className} has ${size}px letters: a phone zooms in`);
    }
    return small;
  });

/** Waits until what comes in has come in: halfway through a fade everything is pale and out of its place. What blinks without end is left alone. */
const settled = (page) =>
  page.evaluate(() => {
    const moving = document.querySelector("xiaoer-widget").shadowRoot.getAnimations().filter((a) => a.effect.getComputedTiming().endTime !== Infinity);
    return Promise.all(moving.map((a) => a.finished.catch(() => {}))).then(() => {});
  });

export async function faults(page) {
  await settled(page);
  const found = [...(await contrastFaults(page)), ...(await boxFaults(page)), ...(await touchFaults(page)), ...(await axeFaults(page))];
  return [...new Set(found)];
}
