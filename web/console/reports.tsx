// What became of the conversations in a stretch of days: the bot, the agents, the teams, the days.
import { useState } from "preact/hooks";
import { address, link } from "./api";
import { Tile } from "./board";
import { Bars, Line as LineChart } from "./charts";
import { useApi, useDesk, useSpeech } from "./hooks";
import { Icon } from "./icons";
import { named } from "./list";
import { officeWords, type OfficeWords } from "./office-words";
import { Shown } from "./panel";
import { isoDay } from "./time";

type Stat = { mean: number; p90: number };
type Line = {
  id: string;
  name: string;
  conversations: number;
  replies: number;
  resolved: number;
  transferred: number;
  wait_s: Stat;
  first_response_s: Stat;
  resolution_s: Stat;
  within_sla: number;
  rating?: number;
  rated: number;
};
type Day = { day: string; conversations: number; handed_off: number; resolved: number; rating?: number };
type Report = {
  from: string;
  to: string;
  bot: {
    conversations: number;
    contained: number;
    containment: number;
    handed_off: number;
    rating?: number;
    rated: number;
  };
  agents: Line[];
  teams: Line[];
  days: Day[];
};

const DAY = 86_400_000;
const percent = (share: number) => `${Math.round(share * 100)}%`;
const stars = (rating: number | undefined) => (rating === undefined ? "–" : rating.toFixed(1));

export function Reports() {
  const { lang } = useSpeech();
  const o = officeWords(lang);
  const desk = useDesk();
  const ago = (days: number) => isoDay(desk.now() - (days - 1) * DAY);
  const [range, set] = useState({ from: ago(7), to: ago(1) });
  const report = useApi<Report>(address("report", range));
  const csv = (by: string) => link(address("report", { ...range, format: "csv", by }));
  return (
    <>
      <div class="range">
        <label class="field">
          {o.from}
          <input
            type="date"
            value={range.from}
            max={range.to}
            onChange={(e) => e.currentTarget.value && set({ ...range, from: e.currentTarget.value })}
          />
        </label>
        <label class="field">
          {o.to}
          <input
            type="date"
            value={range.to}
            min={range.from}
            onChange={(e) => e.currentTarget.value && set({ ...range, to: e.currentTarget.value })}
          />
        </label>
        <button onClick={() => set({ from: ago(7), to: ago(1) })}>{o.days7}</button>
        <button onClick={() => set({ from: ago(30), to: ago(1) })}>{o.days30}</button>
      </div>
      <Shown from={report}>{(r) => <Figures r={r} o={o} csv={csv} />}</Shown>
    </>
  );
}

function Figures({ r, o, csv }: { r: Report; o: OfficeWords; csv: (by: string) => string }) {
  const { lang } = useSpeech();
  const desk = useDesk((d) => d.self);
  const teams = r.teams.map((t) => ({ ...t, name: named(desk.self?.all_teams, t.id, lang) }));
  return (
    <>
      <section aria-label={o.bot}>
        <h2>{o.bot}</h2>
        <dl class="tiles">
          <Tile name={o.conversations} value={r.bot.conversations} />
          <Tile name={o.containment} value={percent(r.bot.containment)} />
          <Tile name={o.contained} value={r.bot.contained} />
          <Tile name={o.handedOff} value={r.bot.handed_off} />
          <Tile name={o.rating} value={`${stars(r.bot.rating)} (${r.bot.rated})`} />
        </dl>
      </section>
      {r.days.length > 0 && (
        <div class="charts">
          <Bars
            title={o.perDay}
            bars={r.days.map((d) => ({ name: d.day, all: d.conversations, part: d.handed_off }))}
          />
          <LineChart title={o.ratingPerDay} points={r.days.map((d) => [d.day, d.rating])} low={1} high={5} />
        </div>
      )}
      <Lines title={o.byAgents} lines={r.agents} o={o} csv={csv("agents")} />
      <Lines title={o.byTeams} lines={teams} o={o} csv={csv("teams")} />
      <Days days={r.days} o={o} csv={csv("days")} />
    </>
  );
}

function Titled({
  title,
  csv,
  o,
  children,
}: {
  title: string;
  csv: string;
  o: OfficeWords;
  children: preact.ComponentChildren;
}) {
  return (
    <section aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        <a class="csv" href={csv} download aria-label={`${o.csv}: ${title}`}>
          <Icon name="download" /> {o.csv}
        </a>
      </div>
      {children}
    </section>
  );
}

function Lines({ title, lines, o, csv }: { title: string; lines: Line[]; o: OfficeWords; csv: string }) {
  const span = (s: Stat) => `${o.seconds(s.mean)} (${o.seconds(s.p90)})`;
  const heads = [
    o.name,
    o.conversations,
    o.replies,
    o.resolved,
    o.transferred,
    o.wait,
    o.firstResponse,
    o.resolution,
    o.withinSla,
    o.rating,
  ];
  return (
    <Titled title={title} csv={csv} o={o}>
      {lines.length === 0 ? (
        <p class="soft">{o.noData}</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="group" aria-label={title}>
          <table>
            <caption class="unseen">{`${title}. ${o.meanP90}`}</caption>
            <Head heads={heads} />
            <tbody>
              {lines.map((l) => (
                <tr key={l.id}>
                  <th scope="row">{l.name}</th>
                  <td>{l.conversations}</td>
                  <td>{l.replies}</td>
                  <td>{l.resolved}</td>
                  <td>{l.transferred}</td>
                  <td>{span(l.wait_s)}</td>
                  <td>{span(l.first_response_s)}</td>
                  <td>{span(l.resolution_s)}</td>
                  <td>{percent(l.within_sla)}</td>
                  <td>
                    {stars(l.rating)} ({l.rated})
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {lines.length > 0 && <p class="soft">{o.meanP90}</p>}
    </Titled>
  );
}

export function Head({ heads }: { heads: string[] }) {
  return (
    <thead>
      <tr>
        {heads.map((h) => (
          <th scope="col" key={h}>
            {h}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function Days({ days, o, csv }: { days: Day[]; o: OfficeWords; csv: string }) {
  return (
    <Titled title={o.byDays} csv={csv} o={o}>
      {days.length === 0 ? (
        <p class="soft">{o.noData}</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="group" aria-label={o.byDays}>
          <table>
            <caption class="unseen">{o.byDays}</caption>
            <Head heads={[o.day, o.conversations, o.handedOff, o.resolved, o.rating]} />
            <tbody>
              {days.map((d) => (
                <tr key={d.day}>
                  <th scope="row">{d.day}</th>
                  <td>{d.conversations}</td>
                  <td>{d.handed_off}</td>
                  <td>{d.resolved}</td>
                  <td>{stars(d.rating)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Titled>
  );
}
