// Canned replies and mentions: what is offered while one types, and what is put in its place. Pure.
import type { Agent, Canned, Lang, Packet } from "./protocol";

export type Offer = { key: string; text: string; hint: string };
export type Completion = { kind: "canned" | "mention"; from: number; offers: Offer[] };
export type Fills = Record<string, string | undefined>;

const OFFERS_MAX = 8;
/** `{order.no}`: a name with a dot, so that braces in ordinary text are left alone. */
const BLANK = /\{[a-z_]+\.[a-z_]+\}/g;

export const blanksIn = (text: string): string[] => [...new Set(text.match(BLANK) ?? [])];

export function fill(text: string, fills: Fills): string {
  return text.replace(BLANK, (blank) => fills[blank.slice(1, -1)] || blank);
}

export function fillsOf(packet: Packet | null, agent: string, shop: string): Fills {
  return {
    "customer.name": packet?.customer?.name,
    "order.no": packet?.slots.find((s) => s.name === "order_no")?.value ?? packet?.orders[0]?.order_no,
    "agent.name": agent,
    "shop.name": shop,
  };
}

/** `/key` at the start of a line. */
export function cannedAt(text: string, caret: number, canned: Canned[], lang: Lang, fills: Fills): Completion | null {
  const found = /(^|\n)\/(\S*)$/.exec(text.slice(0, caret));
  if (!found) return null;
  const asked = found[2]!.toLowerCase();
  const rank = (c: Canned) => (c.key.toLowerCase().startsWith(asked) ? 0 : c.key.toLowerCase().includes(asked) ? 1 : 2);
  const offers = canned
    .filter((c) => rank(c) < 2 || `${c.text.zh} ${c.text.en}`.toLowerCase().includes(asked))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, OFFERS_MAX)
    .map((c) => ({ key: c.key, text: fill(c.text[lang] || c.text.zh || c.text.en, fills), hint: "" }));
  return { kind: "canned", from: caret - asked.length - 1, offers };
}

/** `@name` anywhere in a note. */
export function mentionAt(text: string, caret: number, agents: Agent[], own: string): Completion | null {
  const found = /@([^\s@]*)$/.exec(text.slice(0, caret));
  if (!found) return null;
  const asked = found[1]!.toLowerCase();
  const offers = agents
    .filter(
      (a) => a.account !== own && (a.name.toLowerCase().includes(asked) || a.account.toLowerCase().includes(asked)),
    )
    .slice(0, OFFERS_MAX)
    .map((a) => ({ key: a.account, text: `@${a.name} `, hint: a.account }));
  return { kind: "mention", from: caret - asked.length - 1, offers };
}

/** The accounts of the colleagues whose names stand in a note. */
export const mentioned = (text: string, agents: Agent[]) =>
  agents.filter((a) => text.includes(`@${a.name}`)).map((a) => a.account);
