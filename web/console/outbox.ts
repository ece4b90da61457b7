// Replies and notes on their way: kept until the server has them on disk, resent under the same id.
import { newId } from "../shared/text";
import type { Refusal } from "./protocol";

export type Sending = {
  cid: string;
  conversation: string;
  kind: "reply" | "note";
  text: string;
  mentions?: string[];
  /** Ids of files that are up already. */
  files?: string[];
  /** When it was last given to the socket. */
  sent: number;
  /** The refusal that stopped it; a person decides what becomes of it. */
  failed?: string;
  /** Its place, once acknowledged; it goes when its event is on screen. */
  seq?: number;
};

/** Refusals that pass by themselves. */
const PASSING = ["busy", "rate_limited", "unavailable"];
const SILENCE_MS_MAX = 12_000;

export class Outbox {
  list: Sending[] = [];

  constructor(
    private send: (frame: object) => boolean,
    private changed: () => void,
    private place: string,
  ) {
    try {
      this.list = JSON.parse(sessionStorage.getItem(place) ?? "[]");
    } catch {
      // A store that is locked or broken only costs the memory of a reload.
    }
  }

  add(conversation: string, kind: Sending["kind"], text: string, more: Pick<Sending, "mentions" | "files"> = {}) {
    const one: Sending = { cid: newId(), conversation, kind, text, ...more, sent: Date.now() };
    this.set([...this.list, one]);
    this.write(one);
  }

  retry(cid: string) {
    this.edit(cid, { failed: undefined, sent: Date.now() });
    const one = this.list.find((m) => m.cid === cid);
    if (one) this.write(one);
  }

  drop(cid: string) {
    this.set(this.list.filter((m) => m.cid !== cid));
  }

  /** Everything not yet acknowledged, in the order it was written. */
  resend() {
    const now = Date.now();
    this.set(this.list.map((m) => (m.failed || m.seq ? m : { ...m, sent: now })));
    this.list.forEach((m) => !m.failed && !m.seq && this.write(m));
  }

  acked(cid: string, seq: number) {
    if (this.list.some((m) => m.cid === cid)) this.edit(cid, { seq, failed: undefined });
  }

  /** Its events are on screen, or nobody looks: no more to show. */
  shown(watched: string | null, cursor: number) {
    const kept = this.list.filter((m) => !m.seq || (m.conversation === watched && m.seq > cursor));
    if (kept.length !== this.list.length) this.set(kept);
  }

  isPassing = (refusal: Refusal) => PASSING.includes(refusal.code);

  refused(cid: string, refusal: Refusal) {
    if (this.isPassing(refusal)) {
      setTimeout(
        () => this.list.some((m) => m.cid === cid && !m.seq) && this.retry(cid),
        refusal.retry_after_ms ?? 2_000,
      );
    } else {
      this.edit(cid, { failed: refusal.code });
    }
  }

  /** Something was given to an open line and nothing came back: the line is dead. */
  isUnheard(): boolean {
    const limit = Date.now() - SILENCE_MS_MAX;
    return this.list.some((m) => !m.failed && !m.seq && m.sent < limit);
  }

  forget() {
    this.set([]);
  }

  private write(m: Sending) {
    const { cid, conversation, text, mentions, files } = m;
    this.send({ type: m.kind, conversation, cid, text, ...(mentions && { mentions }), ...(files && { files }) });
  }

  private edit(cid: string, change: Partial<Sending>) {
    this.set(this.list.map((m) => (m.cid === cid ? { ...m, ...change } : m)));
  }

  private set(list: Sending[]) {
    this.list = list;
    try {
      sessionStorage.setItem(this.place, JSON.stringify(list));
    } catch {
      // As above.
    }
    this.changed();
  }
}
