// What customers' and agents' frames of protocol v1 have in common; docs/protocol.md describes them.

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

export type Status = "with_bot" | "waiting" | "with_agent" | "resolved";
