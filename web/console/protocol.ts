// What travels between this page and the server; docs/protocol.md tells it in words.
import type { Card, Choice, Citation, Status, Understanding } from "../shared/protocol";

export type Lang = "zh" | "en";
export type Bilingual = Record<Lang, string>;
export type Named = { id: string; name: Bilingual };
export type Role = "agent" | "supervisor" | "admin";
export type Presence = "online" | "busy" | "away" | "offline";

export type Agent = {
  account: string;
  name: string;
  role: Role;
  teams: string[];
  state: Presence;
  load: number;
  capacity: number;
};

/** What the bot asks the shop's people before it goes on; `asked` is the seq of its event. */
export type Approval = { asked: number; question: Bilingual; until: number; supervisor: boolean };

export type Row = {
  id: string;
  status: Status;
  agent?: string;
  agent_name?: string;
  lang: Lang;
  customer?: string;
  level?: string;
  team?: string;
  reason?: string;
  topic?: string;
  priority: 0 | 1 | 2;
  last_text: string;
  last_by: "customer" | "bot" | "agent";
  last_at: number;
  waiting_since?: number;
  asked_since?: number;
  unanswered: number;
  offered_to?: string;
  offered_until?: number;
  labels: string[];
  snoozed_until?: number;
  anger: 0 | 1 | 2 | 3;
  contact?: string;
  rating?: number;
  clock?: "first_response" | "next_response" | "resolution";
  amber_at?: number;
  red_at?: number;
  approval?: Approval;
};

export type FilesTaken = { types: string[]; bytes_max: number };
export type Canned = { key: string; text: Bilingual };

export type DeskFrame = {
  type: "desk";
  account: string;
  name: string;
  role: Role;
  teams: string[];
  state: Presence;
  now: number;
  agents: Agent[];
  all_teams: Named[];
  labels: Named[];
  reasons: Named[];
  canned: Canned[];
  files: FilesTaken;
  drafts: Record<string, string>;
  shop: Bilingual;
  open: boolean;
  /** Whether the shop sends transcripts by e-mail. */
  transcript_mail?: boolean;
};

export type Weighed = { article: string; title: string; passage: string; score: number };

export type Item = { seq: number; at: number } & (
  | { type: "conversation_started"; lang: Lang }
  | { type: "customer_said"; cid: string; text: string; choice?: string; photos?: string[] }
  | {
      type: "bot_said";
      text: string;
      choices?: Choice[];
      citations?: Citation[];
      card?: Card;
      why?: { policy: string; source: string; score?: number };
    }
  | { type: "understood"; understanding: Understanding }
  | { type: "searched"; outcome: string; score: number; passages: Weighed[] }
  | { type: "slot_set"; slot: string; value: string }
  | { type: "identified"; customer: string }
  | { type: "handoff_requested"; reason: string; topic?: string; team?: string; priority?: number }
  | { type: "offered"; account: string; agent: string }
  | { type: "offer_lapsed"; account: string }
  | { type: "agent_joined"; account?: string; agent: string; from?: string }
  | { type: "agent_left"; account?: string; agent: string; cause: "lost" | "released" }
  | {
      type: "transferred";
      account?: string;
      agent: string;
      to_account?: string;
      to_agent?: string;
      to_team?: string;
      note?: string;
    }
  | { type: "handed_back"; account?: string; agent: string }
  | { type: "agent_said"; cid: string; agent: string; account?: string; text: string; files?: string[] }
  | { type: "noted"; cid: string; account: string; agent: string; text: string; mentions?: string[] }
  | { type: "labelled"; account: string; labels: string[] }
  | { type: "snoozed"; account: string; until?: number }
  | { type: "resolved"; by: string; account?: string; reason?: string }
  | { type: "contact_left"; contact: string }
  | { type: "rated"; stars: number; reason?: string; comment?: string }
  | { type: "approval_asked"; flow: string; question: Bilingual; supervisor?: boolean; until: number }
  | { type: "approval_given"; asked: number; account: string; agent: string; yes: boolean; note?: string }
  | { type: "approval_closed"; asked: number; cause: "late" | "withdrawn" }
  | { type: "turn_ended" | "flow_started" | "flow_ended" | "shop_answered" | "step_reached" }
);

export type Notice = { kind: "mention" | "transfer" | "alarm"; conversation: string; by?: string; text?: string };
export type Act =
  | "claim"
  | "decline"
  | "transfer"
  | "release"
  | "hand_back"
  | "resolve"
  | "label"
  | "snooze"
  | "decide"
  | "presence"
  | "draft";
export type Refusal = {
  code: string;
  message?: string;
  conversation?: string;
  cid?: string;
  act?: string;
  by?: string;
  retry_after_ms?: number;
};

export type ServerFrame =
  | DeskFrame
  | { type: "board"; conversations: Row[] }
  | { type: "rows"; changed: Row[]; gone: string[] }
  | { type: "agents"; agents: Agent[] }
  | { type: "events"; conversation: string; from: number; to: number; items: Item[] }
  | { type: "ack"; conversation: string; cid: string; seq: number }
  | { type: "done"; conversation: string; act: Act }
  | { type: "signal"; conversation: string; kind: "typing"; who: "customer" | "agent"; name?: string; on: boolean }
  | { type: "signal"; conversation: string; kind: "viewing"; names: string[] }
  | ({ type: "notice" } & Notice)
  | ({ type: "error" } & Refusal);

// --- over HTTP ---

export type Mailed = { state: "sent" | "refused" | "slow" | "unknown"; reason?: string };

export type Me = { account: string; name: string; role?: Role };
export type Order = { order_no: string; state: string; placed: string; total: string | number; items: unknown };
export type Packet = {
  reason?: string;
  topic?: string;
  lang: Lang;
  summary: string[];
  slots: { name: string; value: string }[];
  intents: { seq: number; text: string; intent: string; score: number; certain: boolean }[];
  mood: { seq: number; anger: number; sentiment: string }[];
  tried: { article: string; title: string; lang: Lang; outcome: string }[];
  customer?: { id: string; name: string; level: string; city?: string; note?: string };
  orders: Order[];
  trace: string[];
};
export type Suggestion = {
  text: string;
  /** `internal`: for the agent's eyes, never put into the field. */
  kind: "article" | "answer" | "internal";
  title: string;
  article?: string;
  lang?: Lang;
  score: number;
};
export type Earlier = { id: string; at: number; status: Status; last_text: string; agent?: string; rating?: number };
export type Hit = {
  id: string;
  at: number;
  status: Status;
  agent?: string;
  seq: number;
  excerpt: { text: string; hit: boolean }[];
};
