// The board's rows: which stand in which view, in what order, and how late they are. Pure.
import type { Status } from "../shared/protocol";
import type { DeskFrame, Item, Role, Row } from "./protocol";

export const VIEWS = ["mine", "waiting", "team", "people", "bot", "snoozed", "resolved"] as const;
export type View = (typeof VIEWS)[number];

type Looker = { account: string; role: Role; teams: string[] };

export const isLead = (me: Looker | null) => me?.role === "supervisor" || me?.role === "admin";

const isPeoples = (row: Row) => row.status === "waiting" || row.status === "with_agent";
export const isSnoozed = (row: Row, now: number) => isPeoples(row) && (row.snoozed_until ?? 0) > now;

export function isIn(row: Row, view: View, me: Looker, now: number): boolean {
  if (view === "bot") return row.status === "with_bot";
  if (view === "resolved") return row.status === "resolved";
  if (!isPeoples(row) || isSnoozed(row, now) !== (view === "snoozed")) return false;
  if (view === "mine") return row.agent === me.account && row.status === "with_agent";
  if (view === "waiting") return row.status === "waiting";
  if (view === "team") return row.team !== undefined && me.teams.includes(row.team);
  return true;
}

export const isOfferedTo = (row: Row, account: string, now: number) =>
  row.status === "waiting" && row.offered_to === account && (row.offered_until ?? Infinity) > now;

/** Whether the bot waits for a yes or no that this person may say. */
export const isAsking = (row: Row, me: Looker | null) => !!row.approval && (!row.approval.supervisor || isLead(me));

/** Next to breach first; what has no clock follows, latest first. */
export function byBreach(a: Row, b: Row): number {
  if (a.red_at !== undefined || b.red_at !== undefined) {
    if (a.red_at !== b.red_at) return (a.red_at ?? Infinity) - (b.red_at ?? Infinity);
    if (a.priority !== b.priority) return b.priority - a.priority;
  }
  const [since, other] = [a.asked_since ?? a.waiting_since, b.asked_since ?? b.waiting_since];
  if (since !== other) return (since ?? Infinity) - (other ?? Infinity);
  return b.last_at - a.last_at || (a.id < b.id ? -1 : 1);
}

export type Late = "calm" | "amber" | "red";
export function lateness(row: Row, now: number): Late {
  if (row.red_at !== undefined && now >= row.red_at) return "red";
  return row.amber_at !== undefined && now >= row.amber_at ? "amber" : "calm";
}

/** Since when the customer waits for a person; nothing when it is not our turn. */
export const waitsSince = (row: Row) => row.asked_since ?? (row.status === "waiting" ? row.waiting_since : undefined);

export type Counts = Record<View, number>;
export function countViews(rows: Iterable<Row>, me: Looker, now: number): Counts {
  const counts = Object.fromEntries(VIEWS.map((v) => [v, 0])) as Counts;
  for (const row of rows) for (const view of VIEWS) if (isIn(row, view, me, now)) counts[view]++;
  return counts;
}

/** How many conversations need this person: own ones with a question, those in the queue, and the bot's questions. */
export function needing(rows: Iterable<Row>, me: Looker, now: number): number {
  let n = 0;
  for (const row of rows) {
    if (isSnoozed(row, now)) continue;
    const isUnanswered = row.agent === me.account && row.status === "with_agent" && row.unanswered > 0;
    if (row.status === "waiting" || isUnanswered || isAsking(row, me)) n++;
  }
  return n;
}

const NEXT: Partial<Record<Item["type"], Status>> = {
  handoff_requested: "waiting",
  agent_joined: "with_agent",
  agent_left: "waiting",
  transferred: "waiting",
  handed_back: "with_bot",
  resolved: "resolved",
};

/** A row made of the events alone. */
export function rowOf(id: string, items: Item[], self: DeskFrame | null): Row | undefined {
  const first = items[0];
  if (!first) return undefined;
  const row: Row = {
    id,
    status: "with_bot",
    lang: first.type === "conversation_started" ? first.lang : "zh",
    priority: 0,
    last_text: "",
    last_by: "customer",
    last_at: first.at,
    unanswered: 0,
    labels: [],
    anger: 0,
  };
  for (const item of items) {
    const next = NEXT[item.type];
    if (next && !(next === "waiting" && item.type === "handoff_requested" && row.status === "with_agent")) {
      row.status = next;
      row.approval = undefined;
      if (next !== "with_agent") row.agent = row.agent_name = undefined;
    }
    if (item.type === "customer_said" && row.status === "resolved") row.status = "with_bot";
    if (item.type === "agent_joined") {
      row.agent = item.account;
      row.agent_name = item.agent;
    }
    if (item.type === "approval_asked") {
      const { seq: asked, question, until, supervisor = false } = item;
      row.approval = { asked, question, until, supervisor };
    }
    if (item.type === "approval_given" || item.type === "approval_closed") row.approval = undefined;
    if (item.type === "labelled") row.labels = item.labels;
    if (item.type === "rated") row.rating = item.stars;
    if (item.type === "contact_left") row.contact = item.contact;
    if (item.type === "handoff_requested") row.reason = item.reason;
  }
  if (row.agent && self && row.agent === self.account) row.agent_name = self.name;
  return row;
}

/** Whether somebody has to know what to say to it: people have it, or the bot asks them. */
export const needsPeople = (row: Row | undefined): boolean => row !== undefined && (row.status === "waiting" || row.status === "with_agent" || row.approval !== undefined);
