// What a shop's page pays for: the launcher and the door `window.Xiaoer(verb, …)`. The app comes on the first
// click, or when a conversation is going on and the page has become quiet.
import { localeOf, openWord } from "../shared/i18n";
import type { Call, Host, Options, Start } from "./host";
import css from "./loader.css";

type Api = ((...call: Call) => unknown) & { calls?: ArrayLike<any>[] };
const page = window as unknown as { Xiaoer?: Api; __xiaoer?: Host };

const ICON = "M5 3.5h14A2.5 2.5 0 0 1 21.5 6v8.5A2.5 2.5 0 0 1 19 17h-7.2l-4.7 3.8a.7.7 0 0 1-1.1-.6V17H5a2.5 2.5 0 0 1-2.5-2.5V6A2.5 2.5 0 0 1 5 3.5Z";
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
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: "26", height: "26", "aria-hidden": "true" })) svg.setAttribute(name, value);
      path.setAttribute("d", ICON);
      path.setAttribute("fill", "currentColor");
      svg.append(path);
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
    const sized = ([["x", offsetX], ["y", offsetY]] as const).map(([axis, n]) => (Number(n) >= 0 ? `--offset-${axis}:${Number(n)}px;` : ""));
    const z = zIndex && /^\d+$/.test(zIndex) ? `--z:${zIndex};` : "";
    const accent = color && CSS.supports("color", color) ? color : "#1f5fd6";
    this.colours.replaceSync(`:host{${sized.join("")}${z}--accent:${accent}}`);
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

function begin(script: HTMLScriptElement) {
  const server = script.dataset.server?.replace(/\/$/, "") || new URL(script.src).origin;
  const options: Options = { ...script.dataset, ...(script.dataset.query === undefined ? {} : fromAddress()), server };
  if (!customElements.get("xiaoer-widget")) customElements.define("xiaoer-widget", Widget);
  const host = document.createElement("xiaoer-widget") as Widget & Host;
  let app: ReturnType<Start> | null = null;
  let loading: Promise<void> | null = null;
  let tries = 0;
  const waiting: Call[] = [];

  const load = () =>
    (loading ??= (async () => {
      host.launcher?.setAttribute("aria-busy", "true");
      try {
        // A browser may remember that an address failed, so another try has another one.
        const { start } = (await import(`${server}/widget/app.js${tries++ ? `?try=${tries}` : ""}`)) as { start: Start };
        app = start(host);
        for (const call of waiting.splice(0)) app(...call);
      } catch {
        loading = null;
        waiting.length = 0;
        host.tell("error", { code: "app" });
      }
      host.launcher?.removeAttribute("aria-busy");
    })());

  const run: Api = (verb, ...rest) => {
    const [first, second] = rest;
    if (verb === "on") {
      const listener = (e: Event) => second((e as CustomEvent).detail);
      host.addEventListener(`xiaoer:${first}`, listener);
      return () => host.removeEventListener(`xiaoer:${first}`, listener);
    }
    if (verb === "show" || verb === "hide") host.hidden = verb === "hide";
    if (verb === "theme" || verb === "locale") {
      host.options[verb] = String(first);
      host.dress();
    }
    if (verb === "consent") {
      host.options.consent = first ? "auto" : "manual";
      if (first && !app) comeBack();
    }
    if (verb === "destroy") destroy();
    if (app) return app(verb, ...rest);
    waiting.push([verb, ...rest]);
    if (WANTS.includes(verb)) void load();
    return undefined;
  };

  /** A conversation is going on: the badge has to know what was said meanwhile. */
  function comeBack() {
    if (options.consent === "manual") return;
    try {
      const seen = JSON.parse(localStorage.getItem(`xiaoer:${options.site ?? "default"}:seen`) ?? "null");
      if (seen && Date.now() - seen.at < DAY) {
        const idle = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 2000));
        idle(() => void load().then(() => app?.("connect")));
      }
    } catch {
      /* storage is blocked: nothing to come back to */
    }
  }

  const dress = () => host.dress();
  dusk.addEventListener("change", dress);
  // Turbo and its kin swap the body: the widget moves on to the new one.
  const swap = new MutationObserver(() => {
    if (!host.isConnected && document.body) document.body.append(host);
  });
  const nudge = Number(options.nudge) > 0 ? setTimeout(() => app || host.badge(1), Number(options.nudge) * 1000) : 0;

  function destroy() {
    swap.disconnect();
    clearTimeout(nudge);
    dusk.removeEventListener("change", dress);
    host.remove();
    delete page.__xiaoer;
    const closed: Api = (...call) => void (closed.calls ??= []).push(call);
    // What is still wanted of the app is to end.
    queueMicrotask(() => page.Xiaoer === run && (page.Xiaoer = closed));
  }

  const early = page.Xiaoer?.calls ?? [];
  page.Xiaoer = run;
  page.__xiaoer = host;
  host.begin(options, () => run("toggle"));
  document.body.append(host);
  swap.observe(document.documentElement, { childList: true });
  for (const call of Array.from(early)) run(...(Array.from(call) as Call));
  host.tell("ready");
  if (options.inline !== undefined || options.openOn === "load") run("open");
  else comeBack();
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
