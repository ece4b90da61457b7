// What the customer has written and the server has not confirmed yet; it outlives the page. One key a message,
// so that two tabs never write over each other. The same cid takes effect once, whoever sends it.
import type { Shelf } from "./shelf";

export type Outgoing = {
  cid: string;
  text: string;
  choice?: string;
  /** A filled-in form: its id and values. */
  form?: { id: string; values: Record<string, string> };
  photos?: string[];
  at: number;
  /** Why the server will not take it. */
  failed?: string;
  /** It is on the server's disk and only has to come back as an item. */
  acked?: boolean;
};

const START = "out:";
/** Longer than that, and sending it would surprise its writer. */
const AGE_MAX = 7 * 86_400_000;

export class Outbox {
  list: readonly Outgoing[] = [];

  constructor(private shelf: Shelf) {
    this.read();
  }

  /** What an earlier page left behind. */
  read() {
    const kept = this.shelf.names(START).map((name) => this.shelf.get<Outgoing>(name));
    const fresh = kept.filter((m): m is Outgoing => !!m?.cid && !this.has(m.cid) && Date.now() - m.at < AGE_MAX);
    this.list = [...this.list, ...fresh].sort((a, b) => a.at - b.at);
  }

  has(cid: string): boolean {
    return this.list.some((m) => m.cid === cid);
  }

  /** Times of writing are strictly ascending: they are the order. */
  add(message: Outgoing) {
    const last = this.list[this.list.length - 1]?.at ?? 0;
    const kept = { ...message, at: Math.max(message.at, last + 1) };
    this.list = [...this.list, kept];
    this.shelf.set(START + kept.cid, kept);
  }

  change(cid: string, part: Partial<Outgoing>) {
    this.list = this.list.map((m) => (m.cid === cid ? { ...m, ...part } : m));
    const changed = this.list.find((m) => m.cid === cid);
    if (!changed) return;
    if (changed.acked) this.shelf.drop(START + cid);
    else this.shelf.set(START + cid, changed);
  }

  remove(cid: string) {
    this.list = this.list.filter((m) => m.cid !== cid);
    this.shelf.drop(START + cid);
  }

  /** The server knows nothing of what it had confirmed: all of it goes again. */
  restart() {
    for (const m of this.list.filter((one) => one.acked)) this.change(m.cid, { acked: undefined });
  }

  clear() {
    for (const name of this.shelf.names(START)) this.shelf.drop(name);
    this.list = [];
  }

  next(): Outgoing | undefined {
    return this.list.find((m) => !m.failed && !m.acked);
  }
}
