// The agents' console: login, the board, one conversation, and what is known about it.
import { render, type ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import type { Item, Understanding } from "../shared/protocol";
import { Text, clock, sendsOnEnter } from "../shared/text";
import { Desk, type Row } from "./desk";
import { WORDS, type Words } from "./words";

type Me = { account: string; name: string };

function Login({ words, done }: { words: Words; done: (me: Me) => void }) {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (e: Event) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      const answer = await fetch("/console/api/login", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(Object.fromEntries(form)),
      });
      if (answer.ok) return done(await answer.json());
      setError(answer.status === 429 ? words.tooMany : words.wrong);
    } catch {
      setError(words.unreachable);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="login" onSubmit={submit}>
      <h1>{words.name}</h1>
      <label>
        {words.account}
        <input name="account" autocomplete="username" required autofocus />
      </label>
      <label>
        {words.password}
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <p class="error" role="alert">
        {error}
      </p>
      <button class="main" disabled={busy}>
        {words.logIn}
      </button>
    </form>
  );
}

const TABS = ["waiting", "mine", "bot", "all"] as const;
type Tab = (typeof TABS)[number];

function inTab(row: Row, tab: Tab, me: Me): boolean {
  if (tab === "waiting") return row.status === "waiting";
  if (tab === "mine") return row.agent === me.account;
  return tab === "all" || row.status === "with_bot";
}

function Board({ desk, me, words, now }: { desk: Desk; me: Me; words: Words; now: number }) {
  const [tab, setTab] = useState<Tab>("waiting");
  const rows = (desk.board ?? []).filter((row) => inTab(row, tab, me));
  const count = (t: Tab) => (desk.board ?? []).filter((row) => inTab(row, t, me)).length;
  return (
    <nav class="board" aria-label={words.all}>
      <div class="tabs" role="tablist">
        {TABS.map((t) => (
          <button role="tab" aria-selected={t === tab} onClick={() => setTab(t)}>
            {words[t]} <b>{count(t) || ""}</b>
          </button>
        ))}
      </div>
      {desk.board === null && <p class="quiet">…</p>}
      {desk.board !== null && rows.length === 0 && <p class="quiet">{words.none}</p>}
      <ul>
        {rows.map((row) => (
          <li key={row.id}>
            <button class={row.id === desk.watched ? "row here" : "row"} onClick={() => desk.watch(row.id)}>
              <span class="last">{row.last_text || "…"}</span>
              <span class="meta">
                <i class={`dot ${row.status}`} />
                {words.statuses[row.status]}
                {row.reason ? ` · ${words.reasons[row.reason] ?? row.reason}` : ""}
                <span class="when">{words.minutes(Math.floor((now - (row.waiting_since ?? row.last_at)) / 60_000))}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Understood({ u }: { u: Understanding }) {
  const best = u.intents[0];
  return (
    <p class="why">
      {best?.intent} {best ? Math.round(best.score * 100) : 0} %{u.certain ? "" : " ?"}
      {u.sentiment === "negative" ? ` · ${"!".repeat(u.anger + 1)}` : ""}
      {u.entities.map((e) => ` · ${e.kind} ${e.value}`)}
    </p>
  );
}

function Entry({ item, words, locale }: { item: Item; words: Words; locale: string }) {
  const said = (side: string, name: string, text: string, extra?: ComponentChildren) => (
    <div class={`said ${side}`}>
      <span class="name">
        {name} <time>{clock(item.at, locale)}</time>
      </span>
      <div class="bubble" dir="auto">
        <Text text={text} />
      </div>
      {extra}
    </div>
  );
  switch (item.type) {
    case "customer_said":
      return said("customer", words.customer, item.text);
    case "agent_said":
      return said("agent", item.agent, item.text);
    case "bot_said":
      return said(
        "bot",
        words.machine,
        item.text + (item.card ? `\n${item.card.title} · ${item.card.status}` : ""),
        item.why && (
          <p class="why">
            {item.why.policy} · {item.why.source}
            {item.why.score !== undefined ? ` · ${item.why.score.toFixed(2)}` : ""}
          </p>
        ),
      );
    case "understood":
      return <Understood u={item.understanding} />;
    case "handoff_requested":
      return (
        <p class="note">
          {words.handoff} · {words.reasons[item.reason] ?? item.reason}
        </p>
      );
    case "agent_joined":
      return (
        <p class="note">
          {item.agent} {words.joined}
        </p>
      );
    case "resolved":
      return (
        <p class="note">
          {item.by} {words.resolvedBy}
        </p>
      );
    default:
      return null;
  }
}

const drafts = new Map<string, string>();

function Reply({ desk, id, words }: { desk: Desk; id: string; words: Words }) {
  const [text, setText] = useState(drafts.get(id) ?? "");
  const write = (value: string) => {
    if (!value !== !text) desk.typing(id, !!value);
    drafts.set(id, value);
    setText(value);
  };
  const send = () => {
    if (!text.trim()) return;
    desk.reply(id, text.trim());
    write("");
  };
  return (
    <div class="reply">
      <textarea
        rows={3}
        value={text}
        placeholder={words.reply}
        aria-label={words.reply}
        onInput={(e) => write(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (sendsOnEnter(e)) {
            e.preventDefault();
            send();
          }
        }}
      />
      <button class="main" disabled={!text.trim()} onClick={send}>
        {words.send}
      </button>
    </div>
  );
}

function Conversation({ desk, me, words, locale }: { desk: Desk; me: Me; words: Words; locale: string }) {
  const end = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => end.current?.scrollIntoView({ block: "end" }), [desk.items.length, desk.watched]);
  const id = desk.watched;
  if (!id) return <main class="talk quiet">{words.pick}</main>;
  const row = desk.board?.find((r) => r.id === id);
  const isMine = row?.status === "with_agent" && row.agent === me.account;
  const claimable = row && row.status !== "with_agent";
  return (
    <main class="talk">
      <header>
        <button class="back" onClick={() => desk.watch(null)} aria-label={words.back}>
          ‹
        </button>
        <span class="state">{row ? words.statuses[row.status] : "…"}</span>
        {claimable && (
          <button class="main" onClick={() => desk.act("claim", id)}>
            {words.claim}
          </button>
        )}
        {isMine && <button onClick={() => desk.act("resolve", id)}>{words.resolve}</button>}
      </header>
      <div class="log" role="log" tabIndex={0}>
        {desk.items.map((item) => (
          <Entry key={item.seq} item={item} words={words} locale={locale} />
        ))}
        {desk.sending
          .filter((m) => m.conversation === id)
          .map((m) => (
            <div class="said agent faint" key={m.cid}>
              <div class="bubble">
                <Text text={m.text} />
              </div>
            </div>
          ))}
        {desk.customerTyping && <p class="note">{words.typing}</p>}
        <div ref={end} />
      </div>
      {desk.refusal && (
        <p class="error" role="alert">
          {words.refused[desk.refusal] ?? desk.refusal}
        </p>
      )}
      {isMine ? <Reply key={id} desk={desk} id={id} words={words} /> : <p class="quiet foot">{words.takeFirst}</p>}
    </main>
  );
}

function Facts({ desk, words }: { desk: Desk; words: Words }) {
  const row = desk.board?.find((r) => r.id === desk.watched);
  if (!row) return <aside class="facts" />;
  const slots = new Map<string, string>();
  let feeling: Understanding | null = null;
  for (const item of desk.items) {
    if (item.type === "slot_set") item.value ? slots.set(item.slot, item.value) : slots.delete(item.slot);
    if (item.type === "understood") feeling = item.understanding;
  }
  const facts: [string, string][] = [
    [words.status, words.statuses[row.status] ?? row.status],
    [words.language, row.lang === "zh" ? "中文" : "English"],
    [words.events, String(desk.items.length)],
  ];
  if (feeling) facts.push([words.sounds, words.anger[feeling.anger] || words.feelings[feeling.sentiment] || feeling.sentiment]);
  return (
    <aside class="facts" aria-label={words.facts}>
      <h2>{words.facts}</h2>
      <dl>
        {facts.map(([k, v]) => (
          <div>
            <dt>{k}</dt>
            <dd>{v}</dd>
          </div>
        ))}
      </dl>
      {slots.size > 0 && <h2>{words.slots}</h2>}
      <dl>
        {[...slots].map(([k, v]) => (
          <div>
            <dt>{k}</dt>
            <dd>{v}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

function Console({ me, words, locale, leave }: { me: Me; words: Words; locale: string; leave: () => void }) {
  const [now, redraw] = useReducer(() => Date.now(), Date.now());
  const held = useRef<Desk | null>(null);
  held.current ??= new Desk(() => redraw(undefined));
  const desk = held.current;
  useEffect(() => {
    const timer = setInterval(() => redraw(undefined), 20_000);
    return () => {
      clearInterval(timer);
      desk.close();
    };
  }, []);
  const waiting = (desk.board ?? []).filter((r) => r.status === "waiting").length;
  useEffect(() => {
    document.title = (waiting ? `(${waiting}) ` : "") + words.name;
  }, [waiting, words]);
  const logOut = async () => {
    await fetch("/console/api/logout", { method: "POST" });
    leave();
  };
  return (
    <div class={desk.watched ? "desk watching" : "desk"}>
      {desk.link === "offline" && (
        <p class="offline" role="status">
          {words.offline}
        </p>
      )}
      <Board desk={desk} me={me} words={words} now={Math.max(now, Date.now())} />
      <Conversation desk={desk} me={me} words={words} locale={locale} />
      <Facts desk={desk} words={words} />
      <button class="leave" onClick={logOut}>
        {me.name} · {words.logOut}
      </button>
    </div>
  );
}

function App() {
  const wanted = new URLSearchParams(location.search).get("lang") ?? navigator.language;
  const [lang, setLang] = useState(wanted.startsWith("zh") ? "zh" : "en");
  const [me, setMe] = useState<Me | null | undefined>(undefined);
  const words = WORDS[lang]!;
  useEffect(() => {
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    if (!me) document.title = words.name;
  }, [lang]);
  useEffect(() => {
    fetch("/console/api/me")
      .then(async (answer) => setMe(answer.ok ? await answer.json() : null))
      .catch(() => setMe(null));
  }, []);
  return (
    <>
      <button class="lang" onClick={() => setLang(lang === "zh" ? "en" : "zh")}>
        {lang === "zh" ? "English" : "中文"}
      </button>
      {me === null && <Login words={words} done={setMe} />}
      {me && <Console me={me} words={words} locale={document.documentElement.lang} leave={() => setMe(null)} />}
    </>
  );
}

render(<App />, document.getElementById("app")!);
