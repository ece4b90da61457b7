// The conversation as the customer sees it, and how events change it. Pure.
import type { Files, Item, Queue, Rating, Reason, Status } from "./frames";
import type { Outgoing } from "./outbox";

export type State = {
  link: "connecting" | "open" | "offline";
  status: Status;
  /** Who answers, when it is a person. */
  agent: string | null;
  shop: string;
  items: readonly Item[];
  outbox: readonly Outgoing[];
  typing: { who: "bot" | "agent"; name?: string } | null;
  queue: Queue | null;
  textMax: number;
  /** Present where this server takes ratings and contacts. */
  reasons: Reason[] | null;
  files: Files | null;
  images: readonly string[];
  /** Whether the shop sends transcripts by e-mail. */
  mails: boolean;
  /** The last of the customer's messages that a person has seen. */
  readSeq: number;
  /** On its way to the server. */
  rating: Rating | null;
  contact: string | null;
};

export const FRESH: State = {
  link: "connecting",
  status: "with_bot",
  agent: null,
  shop: "",
  items: [],
  outbox: [],
  typing: null,
  queue: null,
  textMax: 2000,
  reasons: null,
  files: null,
  images: [],
  mails: false,
  readSeq: 0,
  rating: null,
  contact: null,
};

function step(state: State, item: Item): State {
  switch (item.type) {
    case "customer_said":
      return state.status === "resolved" ? { ...state, status: "with_bot" } : state;
    case "handoff_requested":
      return { ...state, status: "waiting", agent: null };
    case "agent_joined":
      return { ...state, status: "with_agent", agent: item.agent };
    case "agent_said":
      return { ...state, readSeq: item.seq };
    case "agent_left":
    case "transferred":
      return { ...state, status: "waiting", agent: null };
    case "handed_back":
      return { ...state, status: "with_bot", agent: null };
    case "resolved":
      return { ...state, status: "resolved", agent: null };
    case "rated":
      return { ...state, rating: null };
    case "contact_left":
      return { ...state, contact: null };
    case "bot_said":
      return { ...state, readSeq: item.seq };
    default:
      return state;
  }
}

/** New items, in order and seen for the first time. */
export function fold(state: State, items: readonly Item[]): State {
  const after = items.reduce(step, state);
  return {
    ...after,
    items: [...state.items, ...items],
    queue: after.status === "waiting" ? after.queue : null,
    typing: items.some((i) => i.type === "bot_said" || i.type === "agent_said") ? null : after.typing,
  };
}

const last = <T extends Item["type"]>(items: readonly Item[], type: T): Extract<Item, { type: T }> | undefined => {
  for (let at = items.length - 1; at >= 0; at--) {
    if (items[at].type === type) return items[at] as Extract<Item, { type: T }>;
  }
  return undefined;
};

/** A person has ended it, and the customer has neither rated nor gone on. */
export function ratingDue(state: State): boolean {
  const ended = last(state.items, "resolved");
  if (!state.reasons || state.status !== "resolved" || !ended) return false;
  return (last(state.items, "rated")?.seq ?? 0) < ended.seq;
}

/** Nobody is at work, and how to reach the customer is not known yet. */
export function contactDue(state: State): boolean {
  return !!state.reasons && state.status === "waiting" && state.queue?.open === false && !last(state.items, "contact_left");
}

/** Something besides words was sent. */
export function filesDue({ items, outbox }: State): boolean {
  return items.some((i) => (i.type === "customer_said" && i.photos?.length) || (i.type === "agent_said" && i.files?.length)) || outbox.some((m) => m.photos?.length);
}

/** Something has to be filled in. */
export function formDue(state: State): boolean {
  const said = last(state.items, "bot_said");
  return ratingDue(state) || contactDue(state) || !!said?.form;
}
