// The live board: how many wait and how long, who is at work, who has which conversation.
import { mayDo } from "./actions";
import { Load } from "./dialogs";
import { useDesk, useSpeech, useTick } from "./hooks";
import { lastOf, named, nameOf } from "./list";
import { officeWords } from "./office-words";
import type { Agent, Row } from "./protocol";
import { byBreach, isSnoozed, lateness, waitsSince } from "./rows";
import { span } from "./time";
import { useUi } from "./ui";

export function Board() {
  const { w, lang } = useSpeech();
  const o = officeWords(lang);
  const desk = useDesk(
    (d) => d.rowsVersion,
    (d) => d.agents,
    (d) => d.self,
  );
  useTick();
  const now = desk.now();
  const rows = [...desk.rows.values()];
  const waiting = rows.filter((r) => r.status === "waiting" && !isSnoozed(r, now)).sort(byBreach);
  const longest = Math.max(0, ...waiting.map((r) => now - (waitsSince(r) ?? now)));
  const withPeople = rows.filter((r) => r.status === "with_agent").length;
  const withBot = rows.filter((r) => r.status === "with_bot").length;
  const asking = rows.filter((r) => r.approval).length;
  const online = desk.agents.filter((a) => a.state === "online").length;
  const isLate = waiting.some((r) => lateness(r, now) === "red");
  return (
    <>
      <dl class="tiles">
        <Tile name={o.queue} value={waiting.length} isHot={isLate} />
        <Tile name={o.longest} value={waiting.length ? span(longest, w) : "–"} isHot={isLate} />
        <Tile name={o.withPeople} value={withPeople} />
        <Tile name={o.withBot} value={withBot} />
        <Tile name={o.asking} value={asking} isHot={asking > 0} />
        <Tile name={o.atWork} value={`${online} / ${desk.agents.length}`} />
      </dl>
      <section aria-label={o.waitingNow}>
        <h2>{o.waitingNow}</h2>
        {waiting.length === 0 && <p class="soft">{o.noQueue}</p>}
        <ul class="live">
          {waiting.map((row) => (
            <Live key={row.id} row={row} />
          ))}
        </ul>
      </section>
      <section aria-label={o.agents}>
        <h2>{o.agents}</h2>
        {desk.agents.length === 0 && <p class="soft">{o.noAgents}</p>}
        <div class="agents">
          {desk.agents.map((a) => (
            <AgentCard
              key={a.account}
              agent={a}
              rows={rows.filter((r) => r.status === "with_agent" && r.agent === a.account)}
            />
          ))}
        </div>
      </section>
    </>
  );
}

export function Tile({ name, value, isHot }: { name: string; value: string | number; isHot?: boolean }) {
  return (
    <div class={isHot ? "tile hot" : "tile"}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function AgentCard({ agent, rows }: { agent: Agent; rows: Row[] }) {
  const { w, lang } = useSpeech();
  const o = officeWords(lang);
  const desk = useDesk((d) => d.self);
  return (
    <article class="agent-card" aria-label={agent.name}>
      <header>
        <i class={`dot p-${agent.state}`} />
        <span class="grow">
          <b>{agent.name}</b>
          <span class="soft">
            {w.presence[agent.state]}
            {agent.teams.length > 0 && ` · ${agent.teams.map((t) => named(desk.self?.all_teams, t, lang)).join(", ")}`}
          </span>
        </span>
        <Load load={agent.load} capacity={agent.capacity} />
      </header>
      {rows.length === 0 && <p class="soft">{o.nothingInHand}</p>}
      <ul class="live">
        {rows.sort(byBreach).map((row) => (
          <Live key={row.id} row={row} />
        ))}
      </ul>
    </article>
  );
}

function Live({ row }: { row: Row }) {
  const { w, lang } = useSpeech();
  const o = officeWords(lang);
  const ui = useUi();
  const desk = useDesk((d) => d.self);
  const now = desk.now();
  const since = waitsSince(row);
  const late = since === undefined ? "calm" : lateness(row, now);
  const name = nameOf(row, w.visitor);
  const open = () => {
    ui.go("inbox");
    desk.watch(row.id);
  };
  return (
    <li>
      <span class={`clock ${late}`}>
        {since === undefined ? "–" : span(now - since, w)}
        {late !== "calm" && <span class="unseen"> {w.late[late]}</span>}
      </span>
      <span class="grow">
        <b>{name}</b>
        <span class="live-last">{lastOf(row, w)}</span>
      </span>
      <button onClick={open} aria-label={`${o.join}: ${name}`}>
        {o.join}
      </button>
      {mayDo(row, desk.self).transfer && (
        <button onClick={() => ui.ask({ name: "transfer", id: row.id })} aria-label={`${o.reassign}: ${name}`}>
          {o.reassign}
        </button>
      )}
    </li>
  );
}
