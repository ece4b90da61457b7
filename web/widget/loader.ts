// What a shop's page pays for: the launcher and the door `window.Xiaoer(verb, …)`. The app comes on the first
// click, or when a conversation is going on and the page has become quiet.
import { localeOf, openWord } from "../shared/i18n";
import type { Call, Host, Options, Start } from "./host";
import css from "./loader.css";

type Api = ((...call: Call) => unknown) & { calls?: any[] };
const page = window as unknown as { Xiaoer?: Api; __xiaoer?: Host };

const ICON = "M5 5h14v10h-7l-5 4v-4H5Z";
/** Verbs that need the app. Others wait until something else brings it. */
const WANTS = ["open", "toggle", "send", "prefill"];
const DAY = 86_400_000;
const dusk = matchMedia("(prefers-color-scheme: dark)");

function sheetOf(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}

class Widget extends HTMLElement {
  readonly root = this.attachShadow({ mode: "open" });
  readonly launcher: HTMLButtonElement | null = null;
  options!: Options;
  private colours = sheetOf("");
  private count = 0;

  begin(options: Options, clicked: () => void) {
    this.options = options;
    this.root.adoptedStyleSheets = [sheetOf(css), this.colours];
    if (options.inline === undefined && options.launcher !== "none") {
      const button = document.createElement("button");
      button.className = "launcher";
      button.type = "button";
      const drawn = (name: string, attributes: Record<string, string | number>) => {
        const el = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const key in attributes) el.setAttribute(key, String(attributes[key]));
        return el;
      };
      const svg = drawn("svg", { viewBox: "0 0 24 24", width: 26, height: 26, fill: "currentColor", stroke: "currentColor", "stroke-width": 3, "stroke-linejoin": "round", "aria-hidden": "true" });
      svg.append(drawn("path", { d: ICON }));
      button.append(svg);
      button.onclick = clicked;
      this.root.append(button);
      (this as { launcher: HTMLButtonElement | null }).launcher = button;
    }
    this.dress();
  }

  dress() {
    const { color, theme, position, inline, offsetX, offsetY, zIndex, locale } = this.options;
    this.lang = localeOf(locale);
    this.toggleAttribute("dark", theme === "dark" || (theme !== "light" && dusk.matches));
    this.toggleAttribute("start", position === "start");
    this.toggleAttribute("inline", inline !== undefined);
    // Numbers or nothing: what stands here becomes a style sheet.
    const set = (name: string, n: string | undefined, unit = "") => (Number(n) >= 0 ? `--${name}:${Number(n)}${unit};` : "");
    const accent = color && CSS.supports("color", color) ? color : "#1f5fd6";
    this.colours.replaceSync(`:host{${set("offset-x", offsetX, "px") + set("offset-y", offsetY, "px") + set("z", zIndex)}--accent:${accent}}`);
    this.badge(this.count);
  }

  badge(count: number) {
    this.count = count;
    const button = this.launcher;
    if (!button) return;
    button.querySelector(".badge")?.remove();
    button.setAttribute("aria-label", openWord(this.lang, count));
    if (!count) return;
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = count > 99 ? "99+" : String(count);
    button.append(badge);
  }

  tell(name: string, detail: object = {}) {
    this.dispatchEvent(new CustomEvent(`xiaoer:${name}`, { detail, bubbles: true, composed: true }));
  }
}

/** On a page of our own, its address says which site and what about; never which server. */
function fromAddress(): Partial<Options> {
  const asked = new URLSearchParams(location.search);
  const proof = new URLSearchParams(location.hash.slice(1)).get("identity");
  const found: Record<string, string> = proof ? { identity: proof } : {};
  for (const name of ["site", "locale", "color", "theme", "product", "order"]) {
    const value = asked.get(name);
    if (value) found[name] = value;
  }
  return found;
}

/** `window.Xiaoer`, and what stands behind it until the app does. */
class Door {
  private app: ReturnType<Start> | null = null;
  private loading: Promise<void> | null = null;
  private tries = 0;
  private waiting: Call[] = [];
  private nudge: number;
  private dress = () => this.host.dress();
  // Turbo and its kin swap the body: the widget moves on to the new one.
  private swap = new MutationObserver(() => {
    if (!this.host.isConnected && document.body) document.body.append(this.host);
  });

  constructor(
    private host: Widget,
    private options: Options,
  ) {
    const early = page.Xiaoer?.calls ?? [];
    page.Xiaoer = this.run;
    page.__xiaoer = host;
    host.begin(options, () => this.run("toggle"));
    document.body.append(host);
    this.swap.observe(document.documentElement, { childList: true });
    dusk.addEventListener("change", this.dress);
    this.nudge = setTimeout(() => Number(options.nudge) > 0 && !this.app && host.badge(1), Number(options.nudge) * 1000);
    for (const call of Array.from(early)) this.run(...(Array.from(call) as Call));
    host.tell("ready");
    if (options.inline !== undefined || options.openOn === "load") this.run("open");
    else this.comeBack();
  }

  private run: Api = (verb, ...rest) => {
    const [first, second] = rest;
    const { host } = this;
    if (verb === "on") {
      const listener = (e: Event) => second((e as CustomEvent).detail);
      host.addEventListener(`xiaoer:${first}`, listener);
      return () => host.removeEventListener(`xiaoer:${first}`, listener);
    }
    if (verb === "show" || verb === "hide") host.hidden = verb === "hide";
    if (verb === "theme" || verb === "locale") {
      this.options[verb] = String(first);
      host.dress();
    }
    if (verb === "consent") {
      this.options.consent = first ? "auto" : "manual";
      this.comeBack();
    }
    if (verb === "destroy") this.destroy();
    if (this.app) return this.app(verb, ...rest);
    this.waiting.push([verb, ...rest]);
    if (WANTS.includes(verb)) void this.load();
    return undefined;
  };

  private load = () => (this.loading ??= this.fetch());

  private async fetch() {
    const { host, options } = this;
    host.launcher?.setAttribute("aria-busy", "true");
    try {
      // A browser may remember that an address failed, so another try has another one.
      const { start } = (await import(`${options.server}/widget/app.js${this.tries++ ? `?try=${this.tries}` : ""}`)) as { start: Start };
      this.app = start(host);
      for (const call of this.waiting.splice(0)) this.app(...call);
    } catch {
      this.loading = null;
      this.waiting = [];
      host.tell("error", { code: "app" });
    }
    host.launcher?.removeAttribute("aria-busy");
  }

  /** A conversation is going on: the badge has to know what was said meanwhile. */
  private comeBack() {
    if (this.app || this.options.consent === "manual") return;
    try {
      const seen = JSON.parse(localStorage.getItem(`xiaoer:${this.options.site ?? "default"}:seen`) ?? "null");
      const idle = window.requestIdleCallback ?? setTimeout;
      if (seen && Date.now() - seen.at < DAY) idle(() => void this.load().then(() => this.app?.("connect")));
    } catch {
      /* storage is blocked: nothing to come back to */
    }
  }

  private destroy() {
    this.swap.disconnect();
    clearTimeout(this.nudge);
    dusk.removeEventListener("change", this.dress);
    this.host.remove();
    delete page.__xiaoer;
    const closed: Api = (...call) => void (closed.calls ??= []).push(call);
    page.Xiaoer = closed;
  }
}

function begin(script: HTMLScriptElement) {
  const { dataset } = script;
  const server = dataset.server?.replace(/\/$/, "") || new URL(script.src).origin;
  if (!customElements.get("xiaoer-widget")) customElements.define("xiaoer-widget", Widget);
  // A page that is nothing but the chat has no language of its own.
  const [own, asked] = dataset.query === undefined ? [] : [{ locale: navigator.language }, fromAddress()];
  new Door(document.createElement("xiaoer-widget") as Widget, { ...own, ...dataset, ...asked, server });
}

(() => {
  const script = (document.currentScript ?? document.querySelector('script[src*="/widget.js"]')) as HTMLScriptElement | null;
  const there = page.__xiaoer;
  if (there) {
    // The script ran once already: the widget only has to be on the page.
    if (!there.isConnected) document.body.append(there);
    return;
  }
  if (!script) return;
  if (document.body) begin(script);
  else document.addEventListener("DOMContentLoaded", () => begin(script));
})();
