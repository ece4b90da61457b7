// The list of one view: offers on top, then rows by time to breach; only the rows in sight are drawn.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { actions } from "./actions";
import { TimeLeft } from "./approval";
import { memo, useDesk, useSpeech, useTick } from "./hooks";
import { Icon } from "./icons";
import type { DeskFrame, Named, Row } from "./protocol";
import { byBreach, isAsking, isIn, isOfferedTo, lateness, waitsSince, type View } from "./rows";
import { lately, moment, span } from "./time";
import { useUi } from "./ui";
import type { Words } from "./words";

/** The height of a row with its line, as console.css has it. */
const ROW_PX = 78;
const SPARE_ROWS = 4;

export function List() {
  const ui = useUi();
  const { w } = useSpeech();
  const desk = useDesk(
    (d) => d.rowsVersion,
    (d) => d.hasBoard,
    (d) => d.self,
    (d) => d.watched,
  );
  useTick(5_000);
  const now = desk.now();
  const me = desk.self;
  const step = Math.floor(now / 5_000);
  const { rows, offers, asking } = useMemo(
    () => sorted([...desk.rows.values()], ui.view, me, now),
    [desk.rowsVersion, ui.view, me, step],
  );
  ui.order.current = [...asking, ...offers, ...rows].map((row) => row.id);
  return (
    <section class="list" aria-label={w.list}>
      <div class="list-body" id="list" role="tabpanel" aria-labelledby={`view-${ui.view}`}>
        <h1 class="list-name">{w.views[ui.view]}</h1>
        {asking.length + offers.length > 0 && (
          <div class="offers">
            {asking.length > 0 && (
              <ul aria-label={w.approval.list}>
                {asking.map((row) => (
                  <li class="offer" key={row.id}>
                    <RowButton row={row} isHere={desk.watched === row.id} isReached={true} />
                  </li>
                ))}
              </ul>
            )}
            {offers.length > 0 && (
              <ul aria-label={w.offers}>
                {offers.map((row) => (
                  <Offer key={row.id} row={row} />
                ))}
              </ul>
            )}
          </div>
        )}
        {!desk.hasBoard && <Ghosts />}
        {desk.hasBoard && rows.length + offers.length + asking.length === 0 && (
          <div class="quiet">
            <b>{w.empty[ui.view]![0]}</b>
            <p>{w.empty[ui.view]![1]}</p>
          </div>
        )}
        {rows.length > 0 && <Pane key={ui.view} rows={rows} here={desk.watched} />}
      </div>
    </section>
  );
}

function sorted(all: Row[], view: View, me: DeskFrame | null, now: number) {
  if (!me) return { rows: [], offers: [], asking: [] };
  const asking = all.filter((row) => isAsking(row, me)).sort((a, b) => a.approval!.until - b.approval!.until);
  const offers = all
    .filter((row) => isOfferedTo(row, me.account, now))
    .sort((a, b) => (a.offered_until ?? 0) - (b.offered_until ?? 0));
  const first = new Set([...asking, ...offers]);
  const rows = all.filter((row) => !first.has(row) && isIn(row, view, me, now)).sort(byBreach);
  return { rows, offers, asking };
}

function Ghosts() {
  const { w } = useSpeech();
  return (
    <div class="ghosts" role="status" aria-label={w.loading}>
      {[0, 1, 2, 3, 4].map((n) => (
        <i key={n} />
      ))}
    </div>
  );
}

function Pane({ rows, here }: { rows: Row[]; here: string | null }) {
  const { w } = useSpeech();
  const pane = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ first: 0, count: 12 });
  const [active, setActive] = useState<string | null>(null);
  const wantsFocus = useRef(false);
  const look = () => {
    const el = pane.current;
    if (!el) return;
    const first = Math.max(0, Math.floor(el.scrollTop / ROW_PX) - SPARE_ROWS);
    const count = Math.ceil(el.clientHeight / ROW_PX) + 2 * SPARE_ROWS;
    setSight((old) => (old.first === first && old.count === count ? old : { first, count }));
  };
  useLayoutEffect(() => {
    const watcher = new ResizeObserver(look);
    watcher.observe(pane.current!);
    return () => watcher.disconnect();
  }, []);
  const ids = rows.map((row) => row.id);
  const reached = active && ids.includes(active) ? active : here && ids.includes(here) ? here : ids[0]!;
  const at = ids.indexOf(reached);
  useEffect(() => {
    if (here) setActive(here);
    bringIntoView(pane.current!, ids.indexOf(here ?? ""));
  }, [here]);
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    pane.current!.querySelector<HTMLElement>('.row[tabindex="0"]')?.focus();
  }, [active]);
  const move = (e: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: ids.length - 1 };
    const to = steps[e.key];
    if (to === undefined || e.altKey || e.ctrlKey || e.metaKey) return;
    e.preventDefault();
    const next = ids[Math.max(0, Math.min(ids.length - 1, to))]!;
    wantsFocus.current = next !== reached;
    bringIntoView(pane.current!, ids.indexOf(next));
    setActive(next);
  };
  const shown = rows
    .map((row, i) => ({ row, i }))
    .filter(({ i }) => i === at || (i >= sight.first && i < sight.first + sight.count));
  return (
    <div class="pane" ref={pane} onScroll={look} onKeyDown={move}>
      <ul aria-label={w.list} style={{ height: `${rows.length * ROW_PX}px` }}>
        {shown.map(({ row, i }) => (
          <li
            key={row.id}
            aria-setsize={rows.length}
            aria-posinset={i + 1}
            style={{ transform: `translateY(${i * ROW_PX}px)` }}
          >
            <RowButton row={row} isHere={row.id === here} isReached={i === at} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function bringIntoView(pane: HTMLElement, at: number) {
  if (at < 0) return;
  const top = at * ROW_PX;
  if (top < pane.scrollTop) pane.scrollTop = top;
  else if (top + ROW_PX > pane.scrollTop + pane.clientHeight) pane.scrollTop = top + ROW_PX - pane.clientHeight;
}

type RowProps = { row: Row; isHere: boolean; isReached: boolean };

const RowButton = memo<RowProps>(function RowButton({ row, isHere, isReached }) {
  const desk = useDesk();
  return (
    <button
      class={isHere ? "row here" : "row"}
      tabIndex={isReached ? 0 : -1}
      aria-current={isHere ? "true" : undefined}
      onClick={() => desk.watch(row.id)}
    >
      <RowLines row={row} />
    </button>
  );
});

export const nameOf = (row: Row, visitor: string) => row.customer || `${visitor} ${row.id.slice(-4)}`;

/** What was said last; files alone have no words. */
export const lastOf = (row: Row, w: Words) => row.last_text || (row.last_by === "agent" ? w.attached : "…");

function RowLines({ row }: { row: Row }) {
  const { w, lang } = useSpeech();
  const desk = useDesk((d) => d.self);
  const isForMe = isAsking(row, desk.self);
  return (
    <>
      <span class="line">
        <b class="who">{nameOf(row, w.visitor)}</b>
        {row.level && <span class="level">{row.level}</span>}
        {row.priority > 0 && <span class={`urgent p${row.priority}`}>{w.urgent[row.priority]}</span>}
        {isForMe ? <TimeLeft until={row.approval!.until} /> : <RowClock row={row} />}
      </span>
      <span class="line">
        <span class="last">
          {!isForMe && w.saidBy[row.last_by] && <span class="by">{w.saidBy[row.last_by]}</span>}
          {isForMe ? row.approval!.question[lang] : lastOf(row, w)}
        </span>
        {row.unanswered > 0 && (
          <span class="count" title={w.unread(row.unanswered)}>
            {row.unanswered}
            <span class="unseen"> {w.unread(row.unanswered)}</span>
          </span>
        )}
      </span>
      <span class="line meta">
        <i class={`dot ${row.status}`} />
        {isForMe && <span class="badge">{w.approval.mine}</span>}
        {row.approval && !isForMe && <span class="badge calm">{w.approval.leads}</span>}
        <span class={row.status === "with_agent" ? "state-word" : "unseen"}>{stateOf(row, w.statuses)}</span>
        <span class="tongue">{row.lang === "zh" ? "中" : "EN"}</span>
        {row.team && <span class="chip">{named(desk.self?.all_teams, row.team, lang)}</span>}
        {row.labels.slice(0, 2).map((id) => (
          <span class="chip" key={id}>
            {named(desk.self?.labels, id, lang)}
          </span>
        ))}
        {row.labels.length > 2 && <span class="chip">+{row.labels.length - 2}</span>}
        {row.anger > 0 && <span class="anger">{w.angry[row.anger]}</span>}
      </span>
    </>
  );
}

const stateOf = (row: Row, statuses: Record<string, string>) =>
  (row.status === "with_agent" && row.agent_name) || statuses[row.status] || row.status;

export function named(all: Named[] | undefined, id: string, lang: "zh" | "en"): string {
  const one = all?.find((n) => n.id === id);
  return one?.name[lang] || one?.name[lang === "zh" ? "en" : "zh"] || id;
}

/** The waiting clock with its colour, or when something was last said. */
function RowClock({ row }: { row: Row }) {
  const { w, locale } = useSpeech();
  const desk = useDesk();
  useTick();
  const now = desk.now();
  if (row.snoozed_until && row.snoozed_until > now) {
    return <time class="clock">{w.snoozedUntil(moment(row.snoozed_until, now, locale))}</time>;
  }
  const since = waitsSince(row);
  if (since === undefined) return <time class="clock">{lately(row.last_at, now, w, locale)}</time>;
  const late = lateness(row, now);
  const limit =
    row.red_at === undefined
      ? ""
      : now < row.red_at
        ? w.dueIn(span(row.red_at - now, w))
        : w.overdueBy(span(now - row.red_at, w));
  const title = [w.waits(span(now - since, w)), row.clock && w.clocks[row.clock], limit].filter(Boolean).join(" · ");
  return (
    <time class={`clock ${late}`} title={title}>
      {late !== "calm" && <Icon name={late === "red" ? "warn" : "waiting"} />}
      {span(now - since, w)}
      {late !== "calm" && <span class="unseen"> {w.late[late]}</span>}
    </time>
  );
}

function Offer({ row }: { row: Row }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.watched);
  return (
    <li class="offer">
      <RowButton row={row} isHere={desk.watched === row.id} isReached={true} />
      <div class="offer-acts">
        <Countdown until={row.offered_until} />
        <button onClick={() => actions(desk, ui).decline(row.id)}>{w.decline}</button>
        <button class="strong" onClick={() => actions(desk, ui).take(row.id)}>
          {w.accept}
        </button>
      </div>
    </li>
  );
}

function Countdown({ until }: { until: number | undefined }) {
  const { w } = useSpeech();
  const desk = useDesk();
  useTick();
  if (until === undefined) return <span class="left">{w.offeredToYou}</span>;
  const left = Math.max(0, Math.ceil((until - desk.now()) / 1000));
  return (
    <span class="left">
      {w.offeredToYou} · {w.secondsLeft(left)}
    </span>
  );
}
