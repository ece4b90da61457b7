// The right side: who the customer is, what the bot handed over, what could be said, notes, earlier conversations.
import type { ComponentChildren } from "preact";
import { actions } from "./actions";
import { conversation } from "./api";
import { Fact, Mentions } from "./entries";
import { useApi, useDesk, useSpeech, type Fetched } from "./hooks";
import { Icon } from "./icons";
import { useKnown } from "./known";
import { PacketView } from "./packet";
import type { Earlier, Item, Order, Packet, Suggestion } from "./protocol";
import { needsPeople } from "./rows";
import { sendable } from "./suggested";
import { moment } from "./time";
import { PANEL_TABS, useUi, type PanelTab } from "./ui";

export function Panel() {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.watched);
  const id = desk.watched;
  if (!id) return <aside class="panel" aria-label={w.tabsLabel} />;
  return (
    <aside class={ui.isPanelOpen ? "panel open" : "panel"} aria-label={w.tabsLabel}>
      <div class="panel-tabs">
        <Tabs />
        <button class="icon-only panel-close" aria-label={w.close} onClick={() => ui.openPanel(false)}>
          <Icon name="close" />
        </button>
      </div>
      <div
        class="panel-body"
        role="tabpanel"
        id="panel-body"
        aria-labelledby={`tab-${ui.tab}`}
        tabIndex={0}
        key={`${id} ${ui.tab}`}
      >
        {ui.tab === "customer" && <CustomerTab id={id} />}
        {ui.tab === "assist" && <AssistTab />}
        {ui.tab === "notes" && <NotesTab />}
        {ui.tab === "history" && <HistoryTab id={id} />}
      </div>
    </aside>
  );
}

/** Arrows move and choose, as the pattern for tabs has it. */
export function tabKeys<T extends string>(all: readonly T[], here: T, set: (tab: T) => void, idOf: (tab: T) => string) {
  return (e: KeyboardEvent) => {
    const at = all.indexOf(here);
    const forward = e.key === "ArrowRight" || e.key === "ArrowDown";
    const to = forward
      ? at + 1
      : e.key === "ArrowLeft" || e.key === "ArrowUp"
        ? at - 1 + all.length
        : e.key === "Home"
          ? 0
          : e.key === "End"
            ? all.length - 1
            : -1;
    if (to < 0 || e.altKey) return;
    e.preventDefault();
    const next = all[to % all.length]!;
    set(next);
    document.getElementById(idOf(next))?.focus();
  };
}

function Tabs() {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.items);
  const { suggestions } = useKnown();
  const counts: Partial<Record<PanelTab, number>> = {
    assist: suggestions.data?.suggestions.length,
    notes: desk.items.filter((i) => i.type === "noted").length,
  };
  return (
    <div
      class="tabs"
      role="tablist"
      aria-label={w.tabsLabel}
      onKeyDown={tabKeys(PANEL_TABS, ui.tab, ui.setTab, (t) => `tab-${t}`)}
    >
      {PANEL_TABS.map((tab) => (
        <button
          key={tab}
          role="tab"
          id={`tab-${tab}`}
          aria-selected={tab === ui.tab}
          aria-controls={tab === ui.tab ? "panel-body" : undefined}
          tabIndex={tab === ui.tab ? 0 : -1}
          onClick={() => ui.setTab(tab)}
        >
          {w.tabs[tab]}
          {!!counts[tab] && <small> {counts[tab]}</small>}
        </button>
      ))}
    </div>
  );
}

/** What is fetched, or why it is not there yet. */
export function Shown<T>({ from, children }: { from: Fetched<T>; children: (data: T) => ComponentChildren }) {
  const { w } = useSpeech();
  if (from.data) return <>{children(from.data)}</>;
  if (!from.failed)
    return (
      <p class="quiet" role="status">
        {w.loading}
      </p>
    );
  return (
    <div class="quiet" role="alert">
      <p>{w.failed}</p>
      <button onClick={from.again}>{w.again}</button>
    </div>
  );
}

function CustomerTab({ id }: { id: string }) {
  const { packet } = useKnown();
  const desk = useDesk((d) => d.row(id));
  return (
    <Shown from={packet}>
      {(p: Packet) => (
        <>
          <Customer packet={p} contact={desk.row(id)?.contact} rating={desk.row(id)?.rating} />
          <PacketView packet={p} />
          <Orders orders={p.orders} />
        </>
      )}
    </Shown>
  );
}

function Customer({ packet, contact, rating }: { packet: Packet; contact?: string; rating?: number }) {
  const { w } = useSpeech();
  const c = packet.customer;
  return (
    <section>
      <h2>{w.customer}</h2>
      {!c && <p class="soft">{w.noCustomer}</p>}
      <dl>
        {c && <Fact name={w.fullName}>{c.name}</Fact>}
        {c && <Fact name={w.level}>{c.level}</Fact>}
        {c?.city && <Fact name={w.city}>{c.city}</Fact>}
        {c?.note && <Fact name={w.remark}>{c.note}</Fact>}
        <Fact name={w.language}>{w.langs[packet.lang] ?? packet.lang}</Fact>
        {contact && <Fact name={w.contact}>{contact}</Fact>}
        {rating !== undefined && <Fact name={w.rating}>{w.stars(rating)}</Fact>}
      </dl>
    </section>
  );
}

function Orders({ orders }: { orders: Order[] }) {
  const { w } = useSpeech();
  return (
    <section>
      <h2>{w.orders}</h2>
      {orders.length === 0 && <p class="soft">{w.noOrders}</p>}
      {orders.map((o) => (
        <div class="card" key={o.order_no}>
          <p class="card-head">
            <b>{o.order_no}</b> <span class="chip">{o.state}</span>
          </p>
          <p class="soft">
            {o.placed} · {o.total}
          </p>
          <p>{itemsOf(o.items)}</p>
        </div>
      ))}
    </section>
  );
}

/** Items come as words, or as things with a name and a number. */
function itemsOf(items: unknown): string {
  if (!Array.isArray(items)) return typeof items === "string" ? items : "";
  return items
    .map((i) =>
      typeof i === "object" && i
        ? [i.name ?? i.title ?? i.sku, i.quantity > 1 && `× ${i.quantity}`].filter(Boolean).join(" ")
        : String(i),
    )
    .join(", ");
}

/** What can be put into the field. */
function Replies({ all }: { all: Suggestion[] }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk();
  return (
    <section>
      <h2>{w.suggestions}</h2>
      {all.length === 0 ? <p class="soft">{w.noSuggestions}</p> : <p class="soft">{w.suggestHint}</p>}
      {all.map((s, i) => (
        <button class="suggestion" key={s.text} onClick={() => actions(desk, ui).insert(s.text)}>
          <span class="line">
            <b>{s.title}</b>
            <kbd>Ctrl+{i + 1}</kbd>
          </span>
          <span class="text">{s.text}</span>
          <span class="soft">
            {w.kinds[s.kind] ?? s.kind} · {Math.round(s.score * 100)}%
          </span>
        </button>
      ))}
    </section>
  );
}

/** What only the shop's people may read. */
function ForYou({ all }: { all: Suggestion[] }) {
  const { w } = useSpeech();
  if (all.length === 0) return null;
  return (
    <section>
      <h2>
        <Icon name="lock" /> {w.internal}
      </h2>
      <p class="soft">{w.internalHint}</p>
      {all.map((s) => (
        <article class="suggestion internal" key={s.text}>
          <b>{s.title}</b>
          <span class="text">{s.text}</span>
        </article>
      ))}
    </section>
  );
}

function AssistTab() {
  const { w } = useSpeech();
  const desk = useDesk(
    (d) => d.row(d.watched)?.status,
    (d) => d.row(d.watched)?.approval?.asked,
  );
  const { suggestions } = useKnown();
  if (!needsPeople(desk.row(desk.watched))) return <p class="quiet">{w.noSuggestions}</p>;
  return (
    <Shown from={suggestions}>
      {({ suggestions: all }: { suggestions: Suggestion[] }) => (
        <>
          <Replies all={sendable(all)} />
          <ForYou all={all.filter((s) => s.kind === "internal")} />
        </>
      )}
    </Shown>
  );
}

type Noted = Extract<Item, { type: "noted" }>;

function NotesTab() {
  const { w, locale } = useSpeech();
  const ui = useUi();
  const desk = useDesk(
    (d) => d.items,
    (d) => d.agents,
  );
  const notes = desk.items.filter((i): i is Noted => i.type === "noted").reverse();
  const nameOf = (account: string) => desk.agents.find((a) => a.account === account)?.name ?? account;
  return (
    <section>
      <h2>{w.tabs.notes}</h2>
      <button onClick={() => actions(desk, ui).mode("note")}>
        <Icon name="lock" /> {w.addNote}
      </button>
      {notes.length === 0 && <p class="soft">{w.noNotes}</p>}
      {notes.map((n) => (
        <div class="note-card" key={n.seq}>
          <p class="soft">
            {n.agent} · {moment(n.at, desk.now(), locale)}
          </p>
          <Mentions text={n.text} names={(n.mentions ?? []).map(nameOf)} />
        </div>
      ))}
    </section>
  );
}

function HistoryTab({ id }: { id: string }) {
  const { w, locale } = useSpeech();
  const desk = useDesk((d) => d.self);
  const history = useApi<{ conversations: Earlier[] }>(conversation(id, "history"));
  return (
    <Shown from={history}>
      {({ conversations }) => (
        <section>
          <h2>{w.tabs.history}</h2>
          {conversations.length === 0 && <p class="soft">{w.noHistory}</p>}
          {conversations.map((c) => (
            <button class="earlier" key={c.id} onClick={() => desk.watch(c.id)}>
              <span class="line">
                <b>{moment(c.at, desk.now(), locale)}</b>
                <span class="soft">{w.statuses[c.status]}</span>
              </span>
              <span class="text">{c.last_text}</span>
              <span class="soft">{[c.agent, c.rating && w.stars(c.rating)].filter(Boolean).join(" · ")}</span>
            </button>
          ))}
        </section>
      )}
    </Shown>
  );
}
