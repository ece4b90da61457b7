// The app behind the launcher: opens and closes, keeps the connection, and carries out what the page asks for.
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Fragment, jsx, jsxs } from "preact/jsx-runtime";
import { localeOf, wordsCame, wordsFor, wordsWanted } from "../shared/i18n";
import type { Draft } from "./composer";
import { Connection, type Page } from "./connection";
import type { Item } from "./frames";
import type { Call, Context, Host, Line, Product } from "./host";
import { lazy } from "./lazy";
import { Consent, Panel, type Acts } from "./panel";
import { Shelf } from "./shelf";
import { filesDue, formDue } from "./state";
import { tones } from "./theme";
import css from "./widget.css";

/** Longest value of a page that the server takes, in characters. */
const PAGE_CHARS_MAX = 100;

/** `null` while it is on its way. */
type Extras = { forms?: typeof import("./forms") | null; files?: typeof import("./files") | null };
type Seen = { seq: number; at: number };

/** As many goods of the cart as fit, such as `Q-KT01*2,Q-TN02`. */
function cartOf(cart: string | Line[] | undefined): string {
  if (!cart || typeof cart === "string") return cart ?? "";
  const lines = cart.map((line) => (typeof line === "string" ? line : line.id + (line.quantity && line.quantity > 1 ? `*${line.quantity}` : "")));
  return lines.reduce((all, line) => (all.length + line.length < PAGE_CHARS_MAX ? (all ? `${all},${line}` : line) : all), "");
}

class App {
  private link: Connection | null = null;
  private isOpen = false;
  private unread = 0;
  private aloud = false;
  private draft: Draft = { text: "", version: 0 };
  private asked = "";
  private shelf: Shelf;
  private box = document.createElement("div");
  private drawn = false;

  constructor(private host: Host) {
    this.shelf = new Shelf(`xiaoer:${host.options.site ?? "default"}`);
    this.dress(css + tones(host.options.color));
    host.root.append(this.box);
    this.box.className = "app";
    host.root.addEventListener("keydown", this.escape);
    visualViewport?.addEventListener("resize", this.fit);
    visualViewport?.addEventListener("scroll", this.fit);
    addEventListener("storage", this.otherTab);
    this.fit();
  }

  /** Consent that was given in the chat is withdrawn everywhere at once. */
  private otherTab = (e: StorageEvent) => {
    if (this.agreed && e.key === this.shelf.key("consent") && e.newValue === null) this.withdraw();
  };

  private dress(text: string) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    this.host.root.adoptedStyleSheets = [...this.host.root.adoptedStyleSheets, sheet];
  }

  private get inline(): boolean {
    return this.host.options.inline !== undefined;
  }

  private escape = (e: Event) => {
    if ((e as KeyboardEvent).key === "Escape" && this.isOpen && !this.inline) this.toggle(false);
  };

  /** The keyboard of a phone takes part of the window away, and may push the rest up. */
  private fit = () => {
    const view = visualViewport;
    this.box.style.setProperty("--height", `${view?.height ?? innerHeight}px`);
    this.box.style.setProperty("--top", `${view?.offsetTop ?? 0}px`);
  };

  // ---- consent, and the connection

  private allowed(): boolean {
    return this.host.options.consent !== "manual" || this.agreed;
  }
  private agreed = false;

  /** Asked only once the customer has opened the chat: before that nothing is read from storage. */
  private agree(remember: boolean) {
    this.agreed = true;
    this.shelf.allowed = true;
    if (remember) this.shelf.set("consent", true);
    if (this.isOpen) this.connect();
    this.draw();
  }

  private withdraw() {
    this.agreed = false;
    this.link?.close();
    this.link?.reset();
    this.link = null;
    for (const name of ["", "seen", "consent"]) this.shelf.drop(name);
    this.shelf.allowed = false;
    this.unread = 0;
    this.draw();
  }

  connect(): Connection | null {
    if (!this.allowed()) return null;
    const { options } = this.host;
    this.link ??= new Connection({
      server: options.server,
      shelf: this.shelf,
      locale: () => localeOf(options.locale),
      page: () => this.page(),
      identity: () => options.identity,
      changed: (live) => this.changed(live),
      told: (name, detail) => this.host.tell(name, detail),
    });
    return this.link;
  }

  private page(): Page {
    const { product, order, cart, page } = this.host.options;
    const named = { product: typeof product === "object" ? product.id : product, order, cart: cartOf(cart), page };
    const kept = Object.entries(named).filter(([, value]) => value);
    return Object.fromEntries(kept.map(([key, value]) => [key, [...String(value)].slice(0, PAGE_CHARS_MAX).join("")]));
  }

  // ---- what has happened

  private changed(live: readonly Item[]) {
    for (const item of live) this.announce(item);
    this.count();
    // Many frames may come at once; one picture of them is enough.
    if (this.drawn) queueMicrotask(() => !this.drawn && this.draw());
    this.drawn = false;
  }

  private announce(item: Item) {
    const share = this.host.options.shareText !== undefined;
    switch (item.type) {
      case "bot_said":
      case "agent_said":
        this.host.tell("message", { seq: item.seq, type: item.type, ...(share && { text: item.text }) });
        if (this.aloud && item.text) void this.voice().then((v) => v.readAloud(item.text, localeOf(this.host.options.locale)));
        return;
      case "handoff_requested":
        return this.host.tell("handoff", { reason: item.reason });
      case "agent_joined":
        return this.host.tell("agent-joined", { agent: item.agent });
      case "rated":
        return this.host.tell("csat", { stars: item.stars });
    }
  }

  /** Unread is what bot and people said after the last thing that was seen. */
  private count() {
    const items = this.link?.state.items ?? [];
    const last = items[items.length - 1];
    if (!last) return;
    const seen = this.shelf.get<Seen>("seen")?.seq ?? 0;
    if (this.isOpen && !document.hidden) {
      // Only a conversation that the customer has begun is worth coming back to.
      if (last.seq > seen && items.some((i) => i.type === "customer_said")) {
        this.shelf.set("seen", { seq: last.seq, at: Date.now() });
        this.link?.seen(last.seq);
      }
      return this.badge(0);
    }
    this.badge(items.filter((i) => i.seq > seen && (i.type === "bot_said" || i.type === "agent_said")).length);
  }

  private badge(count: number) {
    if (count !== this.unread) this.host.tell("unread", { count });
    this.unread = count;
    this.host.badge(count);
  }

  // ---- what the page asks for

  call = (...[verb, first, second]: Call): unknown => {
    const { options } = this.host;
    switch (verb) {
      case "open":
      case "close":
      case "toggle":
        return this.toggle(verb === "toggle" ? undefined : verb === "open");
      case "connect":
        return void this.connect();
      case "send":
        return this.connect()?.say(String(first));
      case "prefill":
        this.draft = { text: String(first ?? ""), version: this.draft.version + 1 };
        return this.isOpen ? this.draw() : this.toggle(true);
      case "locale":
        return this.draw();
      case "page":
      case "context":
        return this.look((first ?? {}) as Context, verb === "page");
      case "identify":
        options.identity = (first && typeof first === "object" ? first.token : first) || undefined;
        return this.link?.identify();
      case "reset":
        options.identity = undefined;
        this.draft = { text: "", version: this.draft.version + 1 };
        if (this.link) this.link.reset();
        else for (const name of ["", "seen"]) this.shelf.drop(name);
        return this.badge(0);
      case "consent":
        return first ? this.agree(false) : this.withdraw();
      case "destroy":
        return this.destroy();
    }
    void second;
    return undefined;
  };

  /** Another page without a reload. `page` says all there is, `context` what has changed. */
  private look(now: Context, whole: boolean) {
    const { options } = this.host;
    if (whole) options.product = options.order = options.cart = options.page = undefined;
    const { locale, ...rest } = now;
    Object.assign(options, rest, locale ? { locale } : {});
    if (locale) this.host.dress();
    this.link?.look();
    this.draw();
  }

  toggle(open = !this.isOpen) {
    if (open === this.isOpen) return;
    this.isOpen = open;
    if (open && !this.allowed() && this.shelf.get("consent")) this.agreed = true;
    if (open) this.connect();
    else if (this.aloud) void this.voice().then((v) => v.hush());
    if (this.host.launcher) this.host.launcher.hidden = open;
    this.count();
    this.draw();
    this.host.tell(open ? "open" : "close");
    if (!open) this.host.launcher?.focus();
  }

  private destroy() {
    this.link?.close();
    this.link = null;
    this.host.root.removeEventListener("keydown", this.escape);
    removeEventListener("storage", this.otherTab);
    visualViewport?.removeEventListener("resize", this.fit);
    visualViewport?.removeEventListener("scroll", this.fit);
    render(null, this.box);
  }

  // ---- what is seen

  private voice = () => lazy<typeof import("./voice")>("voice");

  /** Until they are there, the simplified ones are read as well. */
  private traditional() {
    const come = ({ words }: typeof import("./zh-tw")) => {
      wordsCame(words);
      this.draw();
    };
    lazy<typeof import("./zh-tw")>("zh-tw").then(come, () => undefined);
  }

  private extras: Extras = {};

  /** Forms come when the first one is due, files with the first message that has some. */
  private fetchExtra<Name extends keyof Extras>(name: Name) {
    if (this.extras[name] !== undefined) return;
    this.extras[name] = null;
    const come = (extra: NonNullable<Extras[Name]>) => {
      extra.use({ jsx, jsxs, Fragment, useEffect, useState });
      this.dress(extra.css);
      this.extras[name] = extra;
      this.draw();
    };
    lazy<NonNullable<Extras[Name]>>(name).then(come, () => (this.extras[name] = undefined));
  }

  private acts(link: Connection): Acts {
    const { options } = this.host;
    const { server } = options;
    const found = window as unknown as Record<string, unknown>;
    const hears = options.voice !== undefined && (found.SpeechRecognition ?? found.webkitSpeechRecognition);
    const speaks = options.voice !== undefined && found.speechSynthesis;
    const words = () => wordsFor(localeOf(options.locale));
    const beside = () => lazy<typeof import("./beside")>("beside");
    return {
      say: (text, more) => link.say(text, more),
      fill: (id, text, values) => link.say(text, { form: { id, values } }),
      retry: (cid) => link.retry(cid),
      reconnect: () => void link.connect(),
      typing: (on) => link.typing(on),
      rate: (rating) => link.rate(rating),
      contact: (contact) => link.leaveContact(contact),
      mail: link.state.mails && link.state.link === "open" ? () => this.mail(true) : undefined,
      mailing: this.mailing ? { send: async (to) => (await beside()).mail(server, link.credentials(), to, localeOf(options.locale)), close: () => this.mail(false) } : undefined,
      transcript: () => void beside().then((b) => b.transcript(server, link.credentials(), link.state.items, words(), localeOf(options.locale))),
      upload: async (file) => (await beside()).upload(server, link.credentials(), file),
      close: this.inline ? undefined : () => this.toggle(false),
      dictate: hears ? async (locale, heard) => (await this.voice()).dictate(locale, heard) : undefined,
      readAloud: speaks ? () => this.readAloud() : undefined,
      forgetAbout: () => {
        this.asked = this.topic();
        this.draw();
      },
    };
  }

  private mailing = false;

  private mail(on: boolean) {
    this.mailing = on;
    this.draw();
    if (!on) this.box.querySelector<HTMLElement>(".more button")?.focus();
  }

  private readAloud() {
    this.aloud = !this.aloud;
    if (!this.aloud) void this.voice().then((v) => v.hush());
    this.draw();
  }

  private about(): Product | null {
    const { product } = this.host.options;
    return typeof product === "object" && product.title ? product : null;
  }

  private topic(): string {
    return this.about()?.id ?? this.host.options.order ?? "";
  }

  draw() {
    this.drawn = true;
    const { options } = this.host;
    const locale = localeOf(options.locale);
    if (wordsWanted(locale)) this.traditional();
    const words = wordsFor(locale);
    if (this.host.lang !== locale) this.host.dress();
    const asked = this.asked === this.topic();
    const { link } = this;
    if (!this.isOpen) render(null, this.box);
    else if (!link) render(<Consent words={words} server={options.server} yes={() => this.agree(true)} no={this.inline ? undefined : () => this.toggle(false)} />, this.box);
    else {
      if (options.query !== undefined) this.title(link.state.shop || words.title, locale);
      if (this.mailing || formDue(link.state)) this.fetchExtra("forms");
      if (filesDue(link.state)) this.fetchExtra("files");
      const about = asked ? null : this.about();
      render(
        <Panel
          state={link.state}
          words={words}
          locale={locale}
          server={options.server}
          draft={this.draft}
          keep={(text) => (this.draft.text = text)}
          about={about}
          order={asked || about ? null : (options.order ?? null)}
          aloud={this.aloud}
          forms={this.extras.forms ?? null}
          files={this.extras.files ?? null}
          who={link.credentials()}
          acts={this.acts(link)}
        />,
        this.box,
      );
    }
  }

  /** A page that is nothing but the chat takes its name and language. */
  private title(name: string, locale: string) {
    document.title = name;
    document.documentElement.lang = locale;
  }
}

export function start(host: Host): (...call: Call) => unknown {
  return new App(host).call;
}
