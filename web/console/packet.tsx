// What the bot hands over, so that nobody has to ask the customer again.
import { Fact } from "./entries";
import { useDesk, useSpeech } from "./hooks";
import { Icon } from "./icons";
import { named } from "./list";
import type { Packet } from "./protocol";

export function PacketView({ packet: p }: { packet: Packet }) {
  const { w, lang } = useSpeech();
  const desk = useDesk(
    (d) => d.self,
    (d) => d.row(d.watched)?.team,
  );
  const team = desk.row(desk.watched)?.team;
  return (
    <>
      <section class="packet">
        <h2>{w.packet}</h2>
        {p.reason && (
          <p class="reason">
            <Icon name="transfer" /> {w.reasons[p.reason] ?? p.reason}
          </p>
        )}
        {p.summary.length > 0 && (
          <ul class="summary" aria-label={w.summary}>
            {p.summary.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        <dl>
          {p.topic && <Fact name={w.topic}>{p.topic}</Fact>}
          {team && <Fact name={w.team}>{named(desk.self?.all_teams, team, lang)}</Fact>}
        </dl>
      </section>
      {p.slots.length > 0 && (
        <section>
          <h2>{w.slots}</h2>
          <dl>
            {p.slots.map((s) => (
              <Fact key={s.name} name={s.name}>
                {s.value}
              </Fact>
            ))}
          </dl>
        </section>
      )}
      <Mood mood={p.mood} />
      <Wanted intents={p.intents} />
      <Tried tried={p.tried} />
      {p.trace.length > 0 && (
        <details class="trace">
          <summary>{w.traceOf}</summary>
          <ol>
            {p.trace.map((line, i) => (
              <li key={i}>{line}</li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

/** Up is pleased, down is angry: from 1 to -3. */
const height = (m: Packet["mood"][number]) =>
  m.anger > 0 ? -m.anger : m.sentiment === "positive" ? 1 : m.sentiment === "negative" ? -0.5 : 0;

function Mood({ mood }: { mood: Packet["mood"] }) {
  const { w } = useSpeech();
  if (mood.length < 2) return null;
  const [wide, high] = [240, 56];
  const x = (i: number) => 6 + (i * (wide - 12)) / (mood.length - 1);
  const y = (m: Packet["mood"][number]) => 6 + ((1 - height(m)) * (high - 12)) / 4;
  const worst = Math.max(...mood.map((m) => m.anger));
  const said = w.moodOf(mood.length, w.angry[worst] || w.calm);
  return (
    <section>
      <h2>{w.mood}</h2>
      <svg class="mood" viewBox={`0 0 ${wide} ${high}`} role="img" aria-label={said}>
        <path class="level-line" d={`M0 ${6 + (high - 12) / 4}H${wide}`} />
        <polyline points={mood.map((m, i) => `${x(i)},${y(m)}`).join(" ")} />
        {mood.map((m, i) => (
          <circle key={m.seq} class={m.anger > 0 ? "angry" : undefined} cx={x(i)} cy={y(m)} r="3" />
        ))}
      </svg>
      <p class="soft">{said}</p>
    </section>
  );
}

function Wanted({ intents }: { intents: Packet["intents"] }) {
  const { w } = useSpeech();
  if (intents.length === 0) return null;
  return (
    <section>
      <h2>{w.intent}</h2>
      <ul class="wanted">
        {intents.slice(-6).map((i) => (
          <li key={i.seq}>
            <span class="text">{i.text}</span>
            <span class={i.certain ? "intent" : "intent unsure"}>
              {i.intent} {Math.round(i.score * 100)}%
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tried({ tried }: { tried: Packet["tried"] }) {
  const { w } = useSpeech();
  if (tried.length === 0) return null;
  return (
    <section>
      <h2>{w.tried}</h2>
      <ul class="wanted">
        {tried.map((t, i) => (
          <li key={i}>
            {t.article.startsWith("faq:") ? (
              <span class="text">{t.title}</span>
            ) : (
              <a
                class="text"
                href={`/articles/${t.lang}/${encodeURIComponent(t.article)}`}
                target="_blank"
                rel="noopener noreferrer"
              >
                {t.title}
              </a>
            )}
            <span class="soft">{w.outcomes[t.outcome] ?? t.outcome}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
