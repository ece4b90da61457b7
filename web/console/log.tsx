// The log of the watched conversation: days, entries, what is on its way, who is writing.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Text } from "../shared/text";
import { Entry, Mentions, type Heard } from "./entries";
import { useDesk, useSpeech, useTick } from "./hooks";
import { Icon } from "./icons";
import type { Sending } from "./outbox";
import { Photos } from "./photos";
import type { Item } from "./protocol";
import { dayKey, dayName } from "./time";

const ENTRIES_AT_FIRST = 250;
const JOINED_MS = 120_000;
const NEAR_END_PX = 80;

type Line = { item: Item; heard: Heard | null; isJoined: boolean; day: string | null };

const SILENT = new Set(["turn_ended", "understood", "searched", "slot_set", "identified", "conversation_started"]);
const VOICES = new Set(["customer_said", "bot_said", "agent_said", "noted"]);

/** The same object for the same turn, so that its entry is not drawn anew. */
const heardOf = new WeakMap<Item, Heard>();

function voice(item: Item): string {
  return item.type === "agent_said" || item.type === "noted" ? item.type + item.agent : item.type;
}

/** The events that are seen, each with what was understood before it. */
function lines(items: Item[]): Line[] {
  const out: Line[] = [];
  let heard: Heard | null = null;
  let question: Line | null = null;
  let before: Item | null = null;
  for (const item of items) {
    if (item.type === "understood") {
      heard = hold(item, { understanding: item.understanding });
      if (question) question.heard = heard;
    }
    if (item.type === "searched" && heard) heard.passages = item.passages;
    if (SILENT.has(item.type)) continue;
    const isSaid = VOICES.has(item.type);
    const isNewDay = !before || dayKey(before.at) !== dayKey(item.at);
    const isJoined =
      !!before && isSaid && !isNewDay && voice(before) === voice(item) && item.at - before.at < JOINED_MS;
    const line: Line = {
      item,
      heard: item.type === "bot_said" ? heard : null,
      isJoined,
      day: isNewDay ? dayKey(item.at) : null,
    };
    if (item.type === "bot_said") heard = null;
    if (item.type === "customer_said") question = line;
    out.push(line);
    before = item;
  }
  return out;
}

function hold(item: Item, fresh: Heard): Heard {
  const known = heardOf.get(item) ?? fresh;
  heardOf.set(item, known);
  return known;
}

export function Log({ id }: { id: string }) {
  const { w, locale } = useSpeech();
  const desk = useDesk(
    (d) => d.items,
    (d) => d.outbox.list,
    (d) => d.typists,
    (d) => d.goal,
  );
  const [most, setMost] = useState(ENTRIES_AT_FIRST);
  const all = useMemo(() => lines(desk.items), [desk.items]);
  const goalAt = desk.goal === null ? -1 : all.findIndex((line) => line.item.seq >= desk.goal!);
  const shown = all.slice(
    goalAt >= 0 ? Math.min(goalAt, Math.max(0, all.length - most)) : Math.max(0, all.length - most),
  );
  const { box, isAway, toEnd, look } = useEnd(desk.items, desk.outbox.list, desk.goal);
  const now = desk.now();
  const waiting = desk.outbox.list.filter((m) => m.conversation === id && !(m.seq && m.seq <= desk.cursor));
  return (
    <div class="log-frame">
      <div class="log" role="log" aria-live="off" aria-label={w.log} tabIndex={0} ref={box} onScroll={look}>
        {desk.items.length === 0 && (
          <p class="quiet" role="status">
            {w.loading}
          </p>
        )}
        {shown.length < all.length && (
          <button class="more" onClick={() => setMost(most + ENTRIES_AT_FIRST * 2)}>
            {w.earlier}
          </button>
        )}
        {shown.map((line) => [
          line.day && (
            <p class="day" key={`d${line.item.seq}`}>
              <span>{dayName(line.item.at, now, w, locale)}</span>
            </p>
          ),
          <Entry
            key={line.item.seq}
            item={line.item}
            heard={line.heard}
            isJoined={line.isJoined}
            isGoal={goalAt >= 0 && all[goalAt] === line}
          />,
        ])}
        {waiting.map((m) => (
          <Underway key={m.cid} m={m} />
        ))}
        <Typing />
      </div>
      {isAway && (
        <button class="to-end" onClick={toEnd}>
          <Icon name="down" /> {w.newBelow}
        </button>
      )}
      <Announcer />
    </div>
  );
}

/** Stays at the end while one reads there; elsewhere a button tells that something new is below. */
function useEnd(items: Item[], sending: Sending[], goal: number | null) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const before = useRef(sending.length);
  const done = useRef<number | null>(null);
  const [isAway, setAway] = useState(false);
  const look = () => {
    const el = box.current;
    // A scroll may be told after the log is gone.
    if (!el) return;
    isAtEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < NEAR_END_PX;
    if (isAtEnd.current) setAway(false);
  };
  const toEnd = () => {
    box.current!.scrollTop = box.current!.scrollHeight;
    setAway(false);
  };
  useLayoutEffect(() => {
    const el = box.current!;
    const found = goal !== null && done.current !== goal && el.querySelector(".goal");
    if (found) {
      done.current = goal;
      found.scrollIntoView({ block: "center" });
      isAtEnd.current = false;
    } else if (isAtEnd.current) {
      el.scrollTop = el.scrollHeight;
    } else if (items.length && el.scrollHeight > el.clientHeight) {
      setAway(true);
    }
  }, [items, goal]);
  // Less room (a second line in the head, a taller field) must not hide the last words.
  useLayoutEffect(() => {
    const watcher = new ResizeObserver(() => isAtEnd.current && toEnd());
    const el = box.current!;
    // Nor must a picture that comes later than its line.
    const stay = () => isAtEnd.current && toEnd();
    watcher.observe(el);
    el.addEventListener("load", stay, true);
    return () => {
      watcher.disconnect();
      el.removeEventListener("load", stay, true);
    };
  }, []);
  useLayoutEffect(() => {
    if (isAtEnd.current || sending.length > before.current) toEnd();
    before.current = sending.length;
  }, [sending]);
  return { box, isAway, toEnd, look };
}

function Underway({ m }: { m: Sending }) {
  const { w } = useSpeech();
  const desk = useDesk();
  return (
    <div class={`said ${m.kind === "note" ? "noted" : "agent"} ${m.failed ? "failed" : "faint"}`}>
      <div class="bubble" dir="auto">
        {m.kind === "note" ? <Mentions text={m.text} names={[]} /> : <Text text={m.text} />}
        <Photos ids={m.files ?? []} />
      </div>
      {m.failed ? (
        <p class="failure" role="alert">
          {w.notSent(w.refused[m.failed] ?? m.failed)}
          <button onClick={() => desk.outbox.retry(m.cid)}>{w.retry}</button>
          <button onClick={() => desk.takeBack(m.cid)}>{w.edit}</button>
          <button onClick={() => desk.outbox.drop(m.cid)}>{w.drop}</button>
        </p>
      ) : (
        <span class="name">{w.sending}…</span>
      )}
    </div>
  );
}

function Typing() {
  const { w } = useSpeech();
  const desk = useDesk((d) => d.typists);
  return (
    <>
      {desk.typists.map((t) => (
        <p class="typing" key={t.name}>
          <i />
          <i />
          <i />
          {t.name ? w.agentTyping(t.name) : w.customerTyping}
        </p>
      ))}
    </>
  );
}

/** Reads out what comes in while one looks; not the whole past when a conversation is opened. */
function Announcer() {
  const { w } = useSpeech();
  const desk = useDesk((d) => d.items);
  const opened = useRef(desk.now() - 2_000);
  const [said, say] = useState("");
  useTick(60_000);
  useEffect(() => {
    const last = desk.items[desk.items.length - 1];
    const fresh = [...desk.items].reverse().find((i) => i.type === "customer_said");
    if (last && fresh?.type === "customer_said" && fresh.at > opened.current) say(`${w.customer}: ${fresh.text}`);
  }, [desk.items]);
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  );
}
