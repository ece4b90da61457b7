// The widget: a custom element with its own shadow root, so that page and widget cannot disturb each
// other's styles. Text is always text nodes.
import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { localeOf, wordsFor, type Words } from "../shared/i18n";
import type { Card, Citation, Item } from "../shared/protocol";
import { Text, clock, sendsOnEnter } from "../shared/text";
import { Connection, type Outgoing, type Page, type State } from "./connection";
import css from "./widget.css";

type Options = {
  server: string;
  site?: string;
  locale?: string;
  color?: string;
  theme?: string;
  inline?: string;
  identity?: string;
  product?: string;
  order?: string;
};

const ICON = "M4 4h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z";

function Icon({ d }: { d: string }) {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d={d} fill="currentColor" />
    </svg>
  );
}

function OrderCard({ card }: { card: Card }) {
  return (
    <div class="card">
      <div class="card-head">
        <strong>{card.title}</strong>
        <span class="tag">{card.status}</span>
      </div>
      <dl>
        {card.rows.map((row) => (
          <div>
            <dt>{row.label}</dt>
            <dd>{row.value}</dd>
          </div>
        ))}
      </dl>
      {card.steps.length > 0 && (
        <ol>
          {card.steps.map((step) => (
            <li>
              <span>{step.text}</span>
              <time>{step.at}</time>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

/** The article's page, scrolled to what was said where the browser can. */
function pageOf(c: Citation): string {
  // By characters: half of an emoji is none. A browser looks for whole words, so the last one may have to go.
  const line = [...c.quote.split("\n")[0].replace(/^- /, "")];
  const begin = line.slice(0, 60).join("");
  const first = line.length > 60 ? begin.replace(/[\s，。、；,;][^\s，。、；,;]*$/u, "") : begin;
  const path = `../articles/${c.lang}/${encodeURIComponent(c.article)}#:~:text=${encodeURIComponent(first).replace(/-/g, "%2D")}`;
  return new URL(path, import.meta.url).href;
}

function Sources({ citations, said, words }: { citations: Citation[]; said: string; words: Words }) {
  return (
    <>
      {citations.map((c) => (
        <details class="source">
          <summary>
            {words.source}: {c.title}
          </summary>
          <div>
            <Text text={c.quote} said={said} />
            {c.lang && (
              <a class="whole" href={pageOf(c)} target="_blank" rel="noopener noreferrer">
                {words.whole}
              </a>
            )}
          </div>
        </details>
      ))}
    </>
  );
}

function Line({ item, words, locale }: { item: Item; words: Words; locale: string }) {
  switch (item.type) {
    case "customer_said":
      return (
        <div class="msg mine">
          <div class="bubble" dir="auto">
            <Text text={item.text} />
          </div>
          <time>{clock(item.at, locale)} ✓</time>
        </div>
      );
    case "bot_said":
      return (
        <div class="msg theirs">
          <div class="bubble" dir="auto">
            <Text text={item.text} />
            {item.card && <OrderCard card={item.card} />}
            {item.citations && <Sources citations={item.citations} said={item.text} words={words} />}
          </div>
          <time>{clock(item.at, locale)}</time>
        </div>
      );
    case "agent_said":
      return (
        <div class="msg theirs agent">
          <div class="name">{item.agent}</div>
          <div class="bubble" dir="auto">
            <Text text={item.text} />
          </div>
          <time>{clock(item.at, locale)}</time>
        </div>
      );
    case "handoff_requested":
      return <div class="note">{words.handedOff}</div>;
    case "agent_joined":
      return <div class="note">{words.joined(item.agent)}</div>;
    case "resolved":
      return <div class="note">{words.resolved}</div>;
    default:
      return null;
  }
}

function Waiting({ m, words, retry }: { m: Outgoing; words: Words; retry: (cid: string) => void }) {
  return (
    <div class="msg mine">
      <div class="bubble faint" dir="auto">
        <Text text={m.text} />
      </div>
      {m.failed ? (
        <button class="retry" onClick={() => retry(m.cid)}>
          {words.failed}
        </button>
      ) : (
        <time>{words.sending}…</time>
      )}
    </div>
  );
}

function Composer({ words, state, say, typing }: { words: Words; state: State; say: (t: string) => void; typing: (on: boolean) => void }) {
  const [text, setText] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    el.rows = Math.min(5, Math.max(1, text.split("\n").length));
  }, [text]);
  const left = state.textMax - [...text].length;
  const send = () => {
    if (!text.trim() || left < 0) return;
    say(text.trim());
    setText("");
    typing(false);
    box.current?.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      <textarea
        ref={box}
        rows={1}
        value={text}
        placeholder={words.placeholder}
        aria-label={words.placeholder}
        dir="auto"
        onInput={(e) => {
          if (!text !== !e.currentTarget.value) typing(!!e.currentTarget.value);
          setText(e.currentTarget.value);
        }}
        onKeyDown={(e) => {
          if (sendsOnEnter(e)) {
            e.preventDefault();
            send();
          }
        }}
      />
      <button type="submit" disabled={!text.trim() || left < 0} aria-label={words.send}>
        <Icon d="M3 20v-6l8-2-8-2V4l19 8Z" />
      </button>
      {left < 200 && <span class={left < 0 ? "left over" : "left"}>{words.left(left)}</span>}
    </form>
  );
}

function who(state: State, words: Words): string {
  if (state.link === "connecting") return words.connecting;
  if (state.link === "offline") return words.offline;
  if (state.status !== "with_agent") return words.bot;
  const joined = [...state.items].reverse().find((i) => i.type === "agent_joined");
  return joined?.type === "agent_joined" ? `${words.agent} · ${joined.agent}` : words.agent;
}

function Panel({ state, words, locale, link, close }: { state: State; words: Words; locale: string; link: Connection; close?: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => end.current?.scrollIntoView({ block: "end" }), [state.items.length, state.outbox.length, state.typing, state.queue]);
  const spoken = state.items.filter((i) => i.type !== "conversation_started");
  const last = spoken[spoken.length - 1];
  const choices = last?.type === "bot_said" && state.outbox.length === 0 ? (last.choices ?? []) : [];
  const empty = spoken.length === 0 && state.outbox.length === 0;
  return (
    <section class="panel" role="dialog" aria-label={words.title}>
      <header>
        <div>
          <h2>{state.shop || words.title}</h2>
          <p class={`who ${state.link}`} aria-live="polite">
            {who(state, words)}
          </p>
        </div>
        {state.status !== "with_agent" && state.status !== "waiting" && (
          <button class="person" onClick={() => link.say(words.person, "intent:human_agent")}>
            {words.person}
          </button>
        )}
        {close && (
          <button class="close" aria-label={words.close} onClick={close}>
            <Icon d="m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6 10.6 12 5 6.4Z" />
          </button>
        )}
      </header>
      <div class="log" role="log" aria-live="polite" aria-label={words.messages} tabIndex={0}>
        {empty && (
          <div class="welcome">
            <p>{words.welcome}</p>
            {words.ask.map((q) => (
              <button onClick={() => link.say(q)}>{q}</button>
            ))}
          </div>
        )}
        {spoken.map((item) => (
          <Line key={item.seq} item={item} words={words} locale={locale} />
        ))}
        {state.outbox.map((m) => (
          <Waiting key={m.cid} m={m} words={words} retry={(cid) => link.retry(cid)} />
        ))}
        {choices.length > 0 && (
          <div class="choices">
            {choices.map((c) => (
              <button onClick={() => link.say(c.label, c.choice)}>{c.label}</button>
            ))}
          </div>
        )}
        {state.typing && (
          <div class="typing" role="status" aria-label={words.typing}>
            <i />
            <i />
            <i />
          </div>
        )}
        {state.queue && <div class="note">{state.queue.open ? words.queue(state.queue.place) : words.queueClosed}</div>}
        <div ref={end} />
      </div>
      <Composer words={words} state={state} say={(t) => link.say(t)} typing={(on) => link.typing(on)} />
    </section>
  );
}

class Widget extends HTMLElement {
  options!: Options;
  private link: Connection | null = null;
  private isOpen = false;
  private unread = 0;
  private root = this.attachShadow({ mode: "open" });

  connectedCallback() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet];
    const { color, theme, inline } = this.options;
    if (color && CSS.supports("color", color)) this.style.setProperty("--accent", color);
    if (theme === "light" || theme === "dark") this.setAttribute("theme", theme);
    if (inline !== undefined) this.setAttribute("inline", "");
    this.root.addEventListener("keydown", (e) => {
      if ((e as KeyboardEvent).key === "Escape" && !this.hasAttribute("inline")) this.toggle(false);
    });
    visualViewport?.addEventListener("resize", this.fit);
    this.fit();
    if (inline !== undefined) this.toggle(true);
    else this.draw();
  }

  /** The keyboard of a phone takes part of the window away. */
  private fit = () => this.style.setProperty("--height", `${visualViewport?.height ?? innerHeight}px`);

  disconnectedCallback() {
    this.link?.close();
    visualViewport?.removeEventListener("resize", this.fit);
    render(null, this.root);
  }

  tell(name: string, detail: object = {}) {
    this.dispatchEvent(new CustomEvent(`xiaoer:${name}`, { detail, bubbles: true, composed: true }));
  }

  connect(): Connection {
    const locale = localeOf(this.options.locale);
    const url = this.options.server.replace(/^http/, "ws") + "/v1/chat";
    const changed = (item?: Item) => {
      if (item && (item.type === "bot_said" || item.type === "agent_said")) {
        if (!this.isOpen) this.unread += 1;
        this.tell("message", { seq: item.seq, type: item.type });
      }
      this.draw();
    };
    this.link ??= new Connection(url, this.options.site ?? "default", locale, changed, this.options.identity, this.page());
    return this.link;
  }

  private page(): Page {
    const { product, order } = this.options;
    return { ...(product ? { product } : {}), ...(order ? { order } : {}) };
  }

  /** Another page without a reload: what is on it. */
  look({ product, order }: Page) {
    this.options = { ...this.options, product, order };
    this.link?.look(this.page());
  }

  identify(identity?: string) {
    this.options.identity = identity;
    this.link?.identify(identity);
  }

  toggle(open = !this.isOpen) {
    if (open === this.isOpen) return;
    this.isOpen = open;
    if (open) {
      this.unread = 0;
      this.connect();
    }
    this.draw();
    this.tell(open ? "open" : "close");
    if (!open) this.root.querySelector<HTMLElement>(".launcher")?.focus();
  }

  draw() {
    const locale = localeOf(this.options.locale);
    const words = wordsFor(locale);
    const inline = this.hasAttribute("inline");
    this.lang = locale;
    render(
      <>
        {this.isOpen && this.link && (
          <Panel state={this.link.state} words={words} locale={locale} link={this.link} close={inline ? undefined : () => this.toggle(false)} />
        )}
        {!inline && (
          <button class={this.isOpen ? "launcher open" : "launcher"} aria-label={words.open} aria-expanded={this.isOpen} onClick={() => this.toggle()}>
            <Icon d={ICON} />
            {this.unread > 0 && (
              <span class="badge" aria-label={words.unread(this.unread)}>
                {this.unread}
              </span>
            )}
          </button>
        )}
      </>,
      this.root,
    );
  }
}

type ShopPage = { Xiaoer?: ((...call: any[]) => unknown) & { calls?: any[][] } };

export function mount(options: Options, page: ShopPage) {
  if (!customElements.get("xiaoer-widget")) customElements.define("xiaoer-widget", Widget);
  const widget = document.createElement("xiaoer-widget") as Widget;
  widget.options = options;
  document.body.append(widget);
  const run = (verb: string, ...rest: any[]) => {
    if (verb === "open" || verb === "close" || verb === "toggle") {
      widget.toggle(verb === "toggle" ? undefined : verb === "open");
    } else if (verb === "send") {
      widget.connect().say(String(rest[0]));
    } else if (verb === "locale") {
      widget.options.locale = String(rest[0]);
      widget.draw();
    } else if (verb === "page") {
      widget.look(rest[0] ?? {});
    } else if (verb === "identify") {
      widget.identify(rest[0] ? String(rest[0]) : undefined);
    } else if (verb === "destroy") {
      widget.remove();
    } else if (verb === "on") {
      const listener = (e: Event) => rest[1]((e as CustomEvent).detail);
      widget.addEventListener(`xiaoer:${rest[0]}`, listener);
      return () => widget.removeEventListener(`xiaoer:${rest[0]}`, listener);
    }
    return undefined;
  };
  const early = page.Xiaoer?.calls ?? [];
  page.Xiaoer = run as ShopPage["Xiaoer"];
  early.forEach(([verb, ...rest]) => run(verb, ...rest));
  widget.tell("ready");
}
