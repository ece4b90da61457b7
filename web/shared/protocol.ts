// The frames of protocol v1, as docs/protocol.md describes them.

export type Choice = { label: string; choice: string };
export type Citation = { article: string; title: string; passage: string; quote: string; lang?: "zh" | "en" };
export type Card = {
  kind: string;
  title: string;
  status: string;
  rows: { label: string; value: string }[];
  steps: { at: string; text: string }[];
};
export type Understanding = {
  lang: string;
  intents: { intent: string; score: number }[];
  in_scope: number;
  certain: boolean;
  sentiment: string;
  anger: number;
  entities: { kind: string; value: string }[];
};

export type Item = { seq: number; at: number } & (
  | { type: "conversation_started"; lang: string }
  | { type: "customer_said"; cid: string; text: string; choice?: string }
  | {
      type: "bot_said";
      text: string;
      choices?: Choice[];
      citations?: Citation[];
      card?: Card;
      why?: { policy: string; source: string; score?: number };
    }
  | { type: "handoff_requested"; reason: string }
  | { type: "agent_joined"; agent: string; account?: string }
  | { type: "agent_said"; cid: string; agent: string; text: string }
  | { type: "resolved"; by: string }
  | { type: "understood"; understanding: Understanding }
  | { type: "slot_set"; slot: string; value: string }
  | { type: "flow_started" | "flow_ended"; flow: string }
);

export type Status = "with_bot" | "waiting" | "with_agent" | "resolved";

export type Refusal = { code: string; message: string; cid?: string; retry_after_ms?: number };
