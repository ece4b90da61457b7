// One entry of a conversation as agents see it: what was said, by whom and why, and what happened in between.
import type { ComponentChildren } from "preact";
import type { Card as CardOf, Citation, Understanding } from "../shared/protocol";
import { Text, clock } from "../shared/text";
import { memo, useDesk, useSpeech } from "./hooks";
import { Icon, type IconName } from "./icons";
import { named } from "./list";
import { Photos } from "./photos";
import type { Item, Lang, Weighed } from "./protocol";
import { moment } from "./time";

/** What the bot made of the message before it spoke. */
export type Heard = { understanding?: Understanding; passages?: Weighed[] };
type EntryProps = { item: Item; heard: Heard | null; isJoined: boolean; isGoal: boolean };

export const Entry = memo<EntryProps>(function Entry({ item, heard, isJoined, isGoal }) {
  const { w } = useSpeech();
  const desk = useDesk((d) => d.self);
  const side = { isJoined, isGoal, item };
  switch (item.type) {
    case "customer_said":
      return (
        <Said {...side} side="customer" name={w.customer}>
          <Text text={item.text} />
          {item.choice && <small class="tapped">{w.tapped}</small>}
          <Photos ids={item.photos ?? []} />
          {heard?.understanding && heard.understanding.anger > 0 && (
            <span class="anger">{w.angry[heard.understanding.anger] ?? w.angry[3]}</span>
          )}
        </Said>
      );
    case "bot_said":
      return (
        <Said {...side} side="bot" name={w.machine} after={<Why item={item} heard={heard} />}>
          <Text text={item.text} />
          {item.card && <Card card={item.card} />}
          {!!item.citations?.length && <Cited citations={item.citations} />}
          {!!item.choices?.length && (
            <ul class="given" aria-label={w.offeredChoices}>
              {item.choices.map((c) => (
                <li key={c.choice}>{c.label}</li>
              ))}
            </ul>
          )}
        </Said>
      );
    case "agent_said":
      return (
        <Said {...side} side="agent" name={item.agent}>
          <Text text={item.text} />
          <Photos ids={item.files ?? []} />
        </Said>
      );
    case "noted":
      return (
        <Said {...side} side="noted" name={`${item.agent} · ${w.privateNote}`}>
          <Mentions
            text={item.text}
            names={(item.mentions ?? []).map((a) => desk.agents.find((x) => x.account === a)?.name ?? a)}
          />
        </Said>
      );
    default:
      return <Happened item={item} />;
  }
});

type SaidProps = {
  item: Item;
  side: string;
  name: string;
  isJoined: boolean;
  isGoal: boolean;
  children: ComponentChildren;
  after?: ComponentChildren;
};

function Said({ item, side, name, isJoined, isGoal, children, after }: SaidProps) {
  const { locale } = useSpeech();
  return (
    <div class={`said ${side}${isJoined ? " joined" : ""}${isGoal ? " goal" : ""}`} data-seq={item.seq}>
      {!isJoined && (
        <span class="name">
          {side === "bot" && <Icon name="bot" />}
          {side === "noted" && <Icon name="lock" />}
          {name} <time>{clock(item.at, locale)}</time>
        </span>
      )}
      <div class="bubble" dir="auto">
        {children}
      </div>
      {after}
    </div>
  );
}

/** Names of colleagues in a note stand out. */
export function Mentions({ text, names }: { text: string; names: string[] }) {
  const parts: ComponentChildren[] = [];
  let rest = text;
  while (rest) {
    const found = names
      .map((name) => [rest.indexOf(`@${name}`), name] as const)
      .filter(([at]) => at >= 0)
      .sort((a, b) => a[0] - b[0])[0];
    if (!found) break;
    const end = found[0] + found[1].length + 1;
    parts.push(rest.slice(0, found[0]), <b class="mention">{rest.slice(found[0], end)}</b>);
    rest = rest.slice(end);
  }
  return (
    <p class="lines">
      {parts}
      {rest}
    </p>
  );
}

function Why({ item, heard }: { item: Extract<Item, { type: "bot_said" }>; heard: Heard | null }) {
  const { w } = useSpeech();
  const best = heard?.understanding?.intents[0];
  const { why } = item;
  if (!best && !why) return null;
  const entities = heard?.understanding?.entities ?? [];
  return (
    <details class="why">
      <summary>
        {best && (
          <span class={heard?.understanding?.certain ? "intent" : "intent unsure"}>
            {best.intent} {Math.round(best.score * 100)}%
          </span>
        )}
        {why && (
          <span class="source">
            {why.source || why.policy}
            {why.score !== undefined && ` ${why.score.toFixed(2)}`}
          </span>
        )}
      </summary>
      <dl>
        {heard?.understanding && (
          <Fact name={w.intent}>
            {heard.understanding.intents.map((i) => `${i.intent} ${Math.round(i.score * 100)}%`).join(", ")}
            {!heard.understanding.certain && ` (${w.unsure})`}
          </Fact>
        )}
        {entities.length > 0 && <Fact name={w.entities}>{entities.map((e) => `${e.kind} ${e.value}`).join(", ")}</Fact>}
        {why && <Fact name={w.policy}>{why.policy}</Fact>}
        {why && <Fact name={w.source}>{why.source}</Fact>}
        {!!heard?.passages?.length && (
          <Fact name={w.passages}>{heard.passages.map((p) => p.title).join(", ")}</Fact>
        )}
      </dl>
    </details>
  );
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Card({ card }: { card: CardOf }) {
  return (
    <div class="card">
      <p class="card-head">
        <b>{card.title}</b> <span class="chip">{card.status}</span>
      </p>
      <dl>
        {card.rows.map((row) => (
          <Fact key={row.label} name={row.label}>
            {row.value}
          </Fact>
        ))}
      </dl>
      {card.steps.slice(0, 2).map((step) => (
        <p class="step" key={step.at}>
          {step.at} {step.text}
        </p>
      ))}
    </div>
  );
}

function Cited({ citations }: { citations: Citation[] }) {
  const { w, lang } = useSpeech();
  return (
    <p class="cited">
      {w.cites}{" "}
      {citations.map((c) =>
        c.article.startsWith("faq:") ? (
          <span key={c.passage}>{c.title} </span>
        ) : (
          <a
            key={c.passage}
            href={`/articles/${c.lang ?? lang}/${encodeURIComponent(c.article)}`}
            target="_blank"
            rel="noopener noreferrer"
            title={c.quote}
          >
            {c.title}
          </a>
        ),
      )}
    </p>
  );
}

// --- what happened in between ---

function Happened({ item }: { item: Item }) {
  const { w, lang, locale } = useSpeech();
  const desk = useDesk(
    (d) => d.self,
    (d) => d.agents,
  );
  const person = (account: string) => desk.agents.find((a) => a.account === account)?.name ?? account;
  const named_ = {
    team: (id: string) => named(desk.self?.all_teams, id, lang),
    label: (id: string) => named(desk.self?.labels, id, lang),
  };
  const told = happenedIn(
    item,
    w,
    lang,
    person,
    named_,
    (at) => moment(at, desk.now(), locale),
    (id) => named(desk.self?.reasons, id, lang),
  );
  if (!told) return null;
  const [icon, line, detail] = told;
  return (
    <div class={`happened ${item.type}`} data-seq={item.seq}>
      <p>
        <Icon name={icon} />
        {line} <time>{clock(item.at, locale)}</time>
      </p>
      {detail && <p class="detail">{detail}</p>}
    </div>
  );
}

type W = ReturnType<typeof useSpeech>["w"];
type Told = [IconName, string, string?] | null;

function happenedIn(
  item: Item,
  w: W,
  lang: Lang,
  person: (account: string) => string,
  name: { team: (id: string) => string; label: (id: string) => string },
  when: (at: number) => string,
  reason: (id: string) => string,
): Told {
  switch (item.type) {
    case "handoff_requested":
      return [
        "transfer",
        w.notes.handoff(w.reasons[item.reason] ?? item.reason),
        item.team && `→ ${name.team(item.team)}`,
      ];
    case "offered":
      return ["waiting", w.notes.offered(item.agent)];
    case "offer_lapsed":
      return ["waiting", w.notes.lapsed(person(item.account))];
    case "agent_joined":
      return ["mine", item.from ? w.notes.tookOver(item.agent, person(item.from)) : w.notes.joined(item.agent)];
    case "agent_left":
      return ["release", item.cause === "lost" ? w.notes.lost(item.agent) : w.notes.released(item.agent)];
    case "transferred": {
      const to =
        item.to_agent ??
        (item.to_account ? person(item.to_account) : item.to_team ? name.team(item.to_team) : w.notes.queue);
      return ["transfer", w.notes.transferred(item.agent, to), item.note];
    }
    case "handed_back":
      return ["bot", w.notes.handedBack(item.agent)];
    case "resolved":
      return ["resolved", w.notes.resolved(item.by), item.reason && reason(item.reason)];
    case "approval_asked":
      return ["bot", item.supervisor ? w.notes.askedLeads : w.notes.askedPeople, item.question[lang]];
    case "approval_given":
      return item.yes
        ? ["check", w.notes.saidYes(item.agent), item.note]
        : ["close", w.notes.saidNo(item.agent), item.note];
    case "approval_closed":
      return item.cause === "late" ? ["waiting", w.notes.askedLate] : ["release", w.notes.askedWithdrawn];
    case "contact_left":
      return ["mine", w.notes.contact(item.contact)];
    case "rated":
      return ["star", w.notes.rated(item.stars), [item.reason, item.comment].filter(Boolean).join(" · ")];
    case "labelled":
      return [
        "label",
        item.labels.length ? w.notes.labelled(item.labels.map(name.label).join(", ")) : w.notes.unlabelled,
      ];
    case "snoozed":
      return ["snoozed", item.until ? w.notes.snoozed(when(item.until)) : w.notes.awake];
    default:
      return null;
  }
}
