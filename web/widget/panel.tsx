// The open chat: who speaks, what was said, where to write.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Words } from "../shared/i18n";
import { Composer, type Draft } from "./composer";
import type * as Files from "./files";
import type * as Forms from "./forms";
import type { Choice, Mailed, Queue } from "./frames";
import type { Product } from "./host";
import { Icon } from "./icons";
import { More } from "./more";
import { Line, Pending, type Shown } from "./messages";
import { contactDue, ratingDue, type State } from "./state";
import type { Dictation } from "./voice";

export type Acts = {
  say: (text: string, more?: { choice?: string; photos?: string[] }) => void;
  fill: (form: string, text: string, values: Record<string, string>) => void;
  retry: (cid: string) => void;
  reconnect: () => void;
  typing: (on: boolean) => void;
  rate: (rating: { stars: number; reason?: string; comment?: string }) => void;
  contact: (contact: string) => void;
  transcript: () => void;
  /** Where the shop sends transcripts, and there is a way to it. */
  mail?: () => void;
  /** While the customer says where to. */
  mailing?: { send: (to: string) => Promise<Mailed>; close: () => void };
  close?: () => void;
  dictate?: (locale: string, heard: (text: string, final: boolean) => void) => Promise<Dictation | null>;
  readAloud?: () => void;
  upload: (file: File) => Promise<string>;
  forgetAbout: () => void;
};
type Props = { state: State; words: Words; locale: string; server: string; draft: Draft; keep: (t: string) => void; about: Product | null; order: string | null; aloud: boolean; forms: typeof Forms | null; files: typeof Files | null; who: Shown["who"]; acts: Acts };

function who(state: State, words: Words): string {
  if (state.link === "connecting") return words.connecting;
  if (state.link === "offline") return words.offline;
  if (state.status === "waiting") return words.waitingWho;
  if (state.status !== "with_agent") return words.bot;
  return state.agent ? words.agentNamed(state.agent) : words.agent;
}

/** One tap to a person, or where that stands. */
function Person({ state, words, acts }: { state: State; words: Words; acts: Acts }) {
  if (state.status === "waiting") return <span class="person state">{words.queued}</span>;
  if (state.status === "with_agent") return <span class="person state on">{words.human}</span>;
  return (
    <button type="button" class="person" onClick={() => acts.say(words.person, { choice: "intent:human_agent" })}>
      {words.person}
    </button>
  );
}

function Header({ state, words, acts }: Pick<Props, "state" | "words" | "acts">) {
  const human = state.status === "with_agent";
  return (
    <header>
      <span class={human ? "avatar human" : "avatar"}>
        <Icon name={human ? "person" : "bot"} size={22} />
      </span>
      <div class="title">
        <h2>{state.shop || words.title}</h2>
        <p class={`who ${state.link}`} aria-live="polite">
          {who(state, words)}
        </p>
      </div>
      <Person state={state} words={words} acts={acts} />
      {acts.close && (
        <button type="button" class="tool close" aria-label={words.close} onClick={acts.close}>
          <Icon name="close" />
        </button>
      )}
    </header>
  );
}

/** A time as people say it: the day too, unless it is today. */
function when(at: number, locale: string): string {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(locale, { ...(today ? {} : { weekday: "long" }), hour: "2-digit", minute: "2-digit" }).format(date);
}

function QueueNote({ queue, words, locale }: { queue: Queue; words: Words; locale: string }) {
  if (!queue.open) {
    return (
      <div class="note">
        {words.queueClosed}
        {queue.opens_at && <p>{words.opensAt(when(queue.opens_at, locale))}</p>}
      </div>
    );
  }
  return (
    <div class="note queue">
      <strong>{words.queue(queue.place)}</strong>
      {queue.wait_s !== undefined && <p>{words.wait(queue.wait_s < 60 ? 0 : Math.round(queue.wait_s / 60))}</p>}
    </div>
  );
}

function Opening({ words, acts }: { words: Words; acts: Acts }) {
  return (
    <div class="welcome">
      <p class="bubble">{words.welcome}</p>
      {words.ask.map((q) => (
        <button type="button" onClick={() => acts.say(q)}>
          {q}
        </button>
      ))}
    </div>
  );
}

function Typing({ state, words }: { state: State; words: Words }) {
  if (!state.typing) return null;
  const name = state.typing.name ?? (state.typing.who === "agent" ? state.agent : null);
  return (
    <div class="typing" role="status">
      <span class="hidden">{words.agentTyping(name ?? words.botName)}</span>
      <i />
      <i />
      <i />
    </div>
  );
}

/** Stays at the end while the reader is there, and else says that there is more. */
function useEnd(state: State) {
  const log = useRef<HTMLDivElement>(null);
  const lines = useRef<HTMLDivElement>(null);
  const [behind, setBehind] = useState(false);
  const atEnd = useRef(true);
  const top = useRef(0);
  const toEnd = () => {
    const el = log.current;
    if (el) el.scrollTop = el.scrollHeight;
  };
  useLayoutEffect(() => {
    if (atEnd.current || state.outbox.length) toEnd();
    else setBehind(true);
  }, [state.items.length, state.outbox.length, state.typing, state.queue, state.status]);
  // Lines grow too: a source is opened, a form asks for more, a picture arrives.
  useLayoutEffect(() => {
    const grown = new ResizeObserver(() => atEnd.current && toEnd());
    grown.observe(lines.current!);
    grown.observe(log.current!);
    return () => grown.disconnect();
  }, []);
  const scrolled = () => {
    const el = log.current;
    if (!el) return;
    // Only who scrolls up leaves the end; lines that have grown since leave it for nobody.
    if (el.scrollHeight - el.scrollTop - el.clientHeight < 48) atEnd.current = true;
    else if (el.scrollTop < top.current) atEnd.current = false;
    top.current = el.scrollTop;
    if (atEnd.current) setBehind(false);
  };
  return { log, lines, behind, toEnd, scrolled };
}

function Log({ shown, acts }: { shown: Shown; acts: Acts }) {
  const { state, words, locale, forms } = shown;
  const spoken = state.items.filter((i) => i.type !== "conversation_started");
  const last = spoken[spoken.length - 1];
  const choices = last?.type === "bot_said" && state.outbox.length === 0 ? (last.choices ?? []) : [];
  const { log, lines, behind, toEnd, scrolled } = useEnd(state);
  const zh = locale.startsWith("zh");
  return (
    <div class="middle">
      <div class="log" ref={log} role="log" aria-live="polite" aria-label={words.messages} tabIndex={0} onScroll={scrolled}>
        <div class="lines" ref={lines}>
          {spoken.length + state.outbox.length === 0 && <Opening words={words} acts={acts} />}
          {spoken.map((item, at) => (
            <Line key={item.seq} item={item} before={spoken[at - 1]} after={spoken[at + 1]} shown={shown} />
          ))}
          {state.outbox.map((m) => (
            <Pending key={m.cid} m={m} shown={shown} />
          ))}
          {choices.length > 0 && (
            <div class="choices">
              {choices.map((c: Choice) => (
                <button type="button" onClick={() => shown.choose(c)}>
                  {c.label}
                </button>
              ))}
            </div>
          )}
          {state.queue && <QueueNote queue={state.queue} words={words} locale={locale} />}
          {forms && contactDue(state) && <forms.ContactForm words={words} sent={state.contact} leave={acts.contact} />}
          {forms && ratingDue(state) && <forms.RatingForm reasons={state.reasons ?? []} zh={zh} words={words} sent={state.rating} rate={acts.rate} />}
          {forms && acts.mailing && <forms.MailForm locale={locale} {...acts.mailing} />}
          <Typing state={state} words={words} />
        </div>
      </div>
      {behind && (
        <button type="button" class="newer" onClick={toEnd}>
          <Icon name="down" size={16} /> {words.newer}
        </button>
      )}
    </div>
  );
}

/** What the page is about, to be asked about with one tap. */
function About({ about, order, words, acts }: { about: Product | null; order: string | null; words: Words; acts: Acts }) {
  if (!about && !order) return null;
  const name = about?.title ?? order ?? "";
  const question = about ? words.askProduct(`${name} (${about.id})`) : words.askOrder(name);
  return (
    <div class="about">
      <div>
        <span>{about ? words.about : words.aboutOrder}</span>
        <strong>{name}</strong>
        {about?.price && <em>{about.price}</em>}
      </div>
      <button
        type="button"
        class="small"
        onClick={() => {
          acts.say(question);
          acts.forgetAbout();
        }}
      >
        {words.sendProduct}
      </button>
      <button type="button" class="tool" aria-label={words.remove} onClick={acts.forgetAbout}>
        <Icon name="close" size={16} />
      </button>
    </div>
  );
}

/** On a phone the chat covers the page, so Tab stays inside it. */
function keepInside(e: KeyboardEvent) {
  const panel = e.currentTarget as HTMLElement;
  if (e.key !== "Tab" || panel.getAttribute("aria-modal") !== "true") return;
  const found = [...panel.querySelectorAll<HTMLElement>("button:enabled, textarea, input:enabled:not([hidden]), select, summary, a[href], [tabindex='0']")];
  const root = panel.getRootNode() as ShadowRoot;
  const edge = e.shiftKey ? found[0] : found[found.length - 1];
  if (root.activeElement !== edge) return;
  e.preventDefault();
  (e.shiftKey ? found[found.length - 1] : found[0]).focus();
}

export function Panel({ state, words, locale, server, draft, keep, about, order, aloud, forms, files, who, acts }: Props) {
  const shown: Shown = { forms, files, who, words, locale, server, state, choose: (c) => acts.say(c.label, { choice: c.choice }), fill: acts.fill, retry: acts.retry };
  const modal = !!acts.close && innerWidth <= 480;
  return (
    <section class="panel" role={acts.close ? "dialog" : "region"} aria-modal={modal || undefined} aria-label={words.title} onKeyDown={keepInside}>
      <Header state={state} words={words} acts={acts} />
      {state.link === "offline" && (
        <div class="banner" role="status">
          <span>{words.offlineKept}</span>
          <button type="button" class="small" onClick={acts.reconnect}>
            {words.retryNow}
          </button>
        </div>
      )}
      <Log shown={shown} acts={acts} />
      <About about={about} order={order} words={words} acts={acts} />
      <Composer
        words={words}
        locale={locale}
        state={state}
        draft={draft}
        keep={keep}
        say={(text, photos) => acts.say(text, photos ? { photos } : {})}
        typing={acts.typing}
        more={<More words={words} aloud={aloud} acts={acts} />}
        dictate={acts.dictate}
        upload={acts.upload}
      />
    </section>
  );
}

export function Consent({ words, server, yes, no }: { words: Words; server: string; yes: () => void; no?: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => button.current?.focus({ preventScroll: true }), []);
  return (
    <section class="panel consent" role="dialog" aria-label={words.title}>
      <h2>{words.title}</h2>
      <p>{words.consent(new URL(server).host)}</p>
      <div class="row">
        <button type="button" class="main" ref={button} onClick={yes}>
          {words.consentYes}
        </button>
        {no && (
          <button type="button" class="plain" onClick={no}>
            {words.consentNo}
          </button>
        )}
      </div>
    </section>
  );
}
