// The lines of the conversation. Who speaks is always written there: the bot, a person by name, or the customer.
import type { ComponentChildren } from "preact";
import type { Words } from "../shared/i18n";
import { Text, clock } from "../shared/text";
import { CardView, Carousel, Sources } from "./cards";
import type * as Files from "./files";
import type * as Forms from "./forms";
import type { Choice, Item } from "./frames";
import { Icon } from "./icons";
import type { Outgoing } from "./outbox";
import type { State } from "./state";

export type Shown = {
  forms: typeof Forms | null;
  files: typeof Files | null;
  who: { conversation: string; token: string } | null;
  words: Words;
  locale: string;
  server: string;
  state: State;
  choose: (choice: Choice) => void;
  fill: (form: string, text: string, values: Record<string, string>) => void;
  retry: (cid: string) => void;
};

/** Lines by one speaker within this time stand together under one name. */
const TOGETHER_MS = 180_000;

function speakerOf(item: Item): string | null {
  if (item.type === "customer_said") return "me";
  if (item.type === "bot_said") return "bot";
  return item.type === "agent_said" ? `agent ${item.agent}` : null;
}

/** Whether `item` goes on where `other` stopped. */
export function together(item: Item | undefined, other: Item | undefined): boolean {
  if (!item || !other) return false;
  const speaker = speakerOf(item);
  return speaker !== null && speaker === speakerOf(other) && Math.abs(item.at - other.at) < TOGETHER_MS;
}

function noteOf(item: Item, words: Words): string | null {
  switch (item.type) {
    case "handoff_requested":
      return words.handedOff;
    case "agent_joined":
      return words.joined(item.agent);
    case "agent_left":
      return words.left(item.agent);
    case "transferred":
      return words.transferred;
    case "handed_back":
      return words.handedBack;
    case "resolved":
      return words.resolved;
    case "contact_left":
      return words.contactKept(item.contact);
    case "rated":
      return words.rateThanks;
    default:
      return null;
  }
}

function Mark({ read, words }: { read: boolean; words: Words }) {
  return (
    <span class="mark" role="img" aria-label={read ? words.read : words.delivered}>
      <Icon name={read ? "read" : "sent"} size={14} />
    </span>
  );
}

function Attached({ ids, shown }: { ids: string[] | undefined; shown: Shown }) {
  const { files, words, server, who } = shown;
  if (!ids?.length) return null;
  if (files) return <files.Shots ids={ids} words={words} server={server} who={who} />;
  return (
    <p class="photos">
      <Icon name="picture" size={16} /> {words.files(ids.length)}
    </p>
  );
}

function Name({ who, words, children }: { who: "bot" | "person"; words: Words; children: ComponentChildren }) {
  return (
    <div class="name">
      <Icon name={who} size={16} />
      <span>{children}</span>
      <span class={`kind ${who}`}>{who === "bot" ? words.automatic : words.human}</span>
    </div>
  );
}

function BotSaid({ item, shown }: { item: Extract<Item, { type: "bot_said" }>; shown: Shown }) {
  const { words, server, state, choose } = shown;
  const bounds = { images: state.images, server };
  const latest = state.items[state.items.length - 1] === item && state.outbox.length === 0;
  return (
    <>
      <div class="bubble" dir="auto">
        <Text text={item.text} />
        {item.generated && <span class="generated">{words.generated}</span>}
        {item.card && <CardView card={item.card} chosen={choose} bounds={bounds} />}
        {item.citations && <Sources citations={item.citations} said={item.text} words={words} server={server} />}
      </div>
      {!!item.cards?.length && <Carousel cards={item.cards} words={words} chosen={choose} bounds={bounds} />}
      {item.form && latest && shown.forms && <shown.forms.AskedForm form={item.form} words={words} submit={(text, values) => shown.fill(item.form!.id, text, values)} />}
    </>
  );
}

export function Line({ item, before, after, shown }: { item: Item; before?: Item; after?: Item; shown: Shown }) {
  const { words, locale, state } = shown;
  const note = noteOf(item, words);
  if (note) return <div class="note">{note}</div>;
  const first = !together(item, before);
  const time = !together(item, after) && clock(item.at, locale);
  const joint = first ? "" : " on";
  if (item.type === "customer_said") {
    return (
      <div class={`msg mine${joint}`}>
        <div class="bubble" dir="auto">
          <Text text={item.text} />
          <Attached ids={item.photos} shown={shown} />
        </div>
        <time>
          {time} <Mark read={item.seq < state.readSeq} words={words} />
        </time>
      </div>
    );
  }
  if (item.type === "bot_said") {
    return (
      <div class={`msg theirs${joint}`}>
        {first && (
          <Name who="bot" words={words}>
            {words.botName}
          </Name>
        )}
        <BotSaid item={item} shown={shown} />
        {time && <time>{time}</time>}
      </div>
    );
  }
  if (item.type !== "agent_said") return null;
  return (
    <div class={`msg theirs agent${joint}`}>
      {first && (
        <Name who="person" words={words}>
          {item.agent}
        </Name>
      )}
      <div class="bubble" dir="auto">
        <Text text={item.text} />
        <Attached ids={item.files} shown={shown} />
      </div>
      {time && <time>{time}</time>}
    </div>
  );
}

/** Written, and not yet on the server's disk. */
export function Pending({ m, shown }: { m: Outgoing; shown: Shown }) {
  const { words, state, locale, retry } = shown;
  const stuck = m.failed !== undefined || (state.link === "offline" && !m.acked);
  return (
    <div class={`msg mine${m.acked ? "" : " unsent"}`}>
      <div class="bubble" dir="auto">
        <Text text={m.text} />
        <Attached ids={m.photos} shown={shown} />
      </div>
      {stuck ? (
        <button type="button" class={m.failed ? "retry failed" : "retry"} onClick={() => retry(m.cid)}>
          <Icon name="clock" size={14} />
          {m.failed ? words.failed : `${words.waiting} · ${words.retryNow}`}
        </button>
      ) : (
        <time>{m.acked ? <>{clock(m.at, locale)} <Mark read={false} words={words} /></> : `${words.sending}…`}</time>
      )}
    </div>
  );
}
