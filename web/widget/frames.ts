// What travels on the customers' side of protocol v1, as docs/protocol.md describes it. Everything that a
// server may leave out is optional: the widget works with servers older and newer than itself.

import type { Choice, Citation, Status } from "../shared/protocol";

export type { Choice, Citation, Status };
export type Card = {
  /** `order`, `request`, `logistics`, `product`, … */
  kind: string;
  title: string;
  status?: string;
  rows?: { label: string; value: string }[];
  /** Dated lines, newest first. */
  steps?: { at: string; text: string }[];
  image?: string;
  url?: string;
  price?: string;
  choices?: Choice[];
};
export type Field = {
  name: string;
  label: string;
  kind: "text" | "tel" | "email" | "area" | "select";
  required?: boolean;
  options?: { label: string; value: string }[];
};
export type Form = { id: string; title?: string; fields: Field[]; submit?: string };

export type Item = { seq: number; at: number } & (
  | { type: "conversation_started"; lang: string }
  | { type: "customer_said"; cid: string; text: string; choice?: string; photos?: string[] }
  | {
      type: "bot_said";
      text: string;
      choices?: Choice[];
      citations?: Citation[];
      card?: Card;
      cards?: Card[];
      form?: Form;
      /** Written by a language model, so it carries the mark that law asks for. */
      generated?: boolean;
    }
  | { type: "handoff_requested"; reason?: string }
  | { type: "agent_joined" | "agent_left" | "transferred" | "handed_back"; agent: string }
  | { type: "agent_said"; cid: string; agent: string; text: string; files?: string[] }
  | { type: "resolved"; by: string }
  | { type: "contact_left"; contact: string }
  | { type: "rated"; stars: number; reason?: string; comment?: string }
);

export type Reason = { id: string; name: { zh: string; en: string } };
export type Files = { types: string[]; bytes_max: number };

export type Welcome = {
  type: "welcome";
  conversation: string;
  token: string;
  epoch: string;
  head: number;
  resumed: boolean;
  status: Status;
  shop: string;
  lang?: string;
  text_chars_max: number;
  rating?: { reasons: Reason[] };
  /** Present where photos may be sent. */
  files?: Files;
  /** Origins that pictures on cards may come from, besides the server's own. */
  images?: string[];
  /** Whether the shop sends transcripts by e-mail. */
  transcript_mail?: boolean;
  /** Customer frames beyond the first version that this server takes, such as `read`. */
  takes?: string[];
};

export type Queue = { place: number; wait_s?: number; open: boolean; opens_at?: number };

export type ServerFrame =
  | Welcome
  | { type: "ack"; cid: string; seq: number }
  | { type: "events"; from: number; to: number; items: Item[] }
  | { type: "signal"; kind: "typing"; who: "bot" | "agent"; name?: string; on: boolean }
  | ({ type: "signal"; kind: "queue" } & Queue)
  | { type: "signal"; kind: "read"; seq: number }
  | { type: "error"; code: string; message: string; cid?: string; retry_after_ms?: number };

/** What became of a transcript by e-mail; `slow_down` with minutes to wait. */
export type Mailed = { state: "sent" | "refused" | "slow" | "unknown" | "slow_down" | "bad_field" | "offline"; reason?: string; minutes?: number };

export type Rating = { stars: number; reason?: string; comment?: string };
