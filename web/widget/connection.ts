// The customer's connection: hello and resume, an outbox that is resent until acknowledged, one message at a
// time, and every event once and in order.
import { newId } from "../shared/text";
import type { Item, Rating, ServerFrame, Welcome } from "./frames";
import type { Identity } from "./host";
import { lazy } from "./lazy";
import { socketLine, type Ears, type Frame, type Line } from "./line";
import { Outbox, type Outgoing } from "./outbox";
import type { Shelf } from "./shelf";
import { FRESH, fold, type State } from "./state";

export type Page = Record<string, string>;
type Saved = { conversation: string; token: string; epoch: string; sub?: string };
type Wiring = {
  server: string;
  shelf: Shelf;
  locale: () => string;
  page: () => Page;
  identity: () => Identity | undefined;
  /** Something has changed; `live` are items that happened now, not read up. */
  changed: (live: readonly Item[]) => void;
  told: (name: string, detail: object) => void;
};

const FINAL = new Set(["bad_text", "empty", "too_long", "bad_cid", "cid_conflict", "bad_field", "not_allowed"]);
const ACK_MS_MAX = 10_000;
const TYPING_MS_MAX = 20_000;

/** Whom a JSON Web Token is about; only to notice that somebody else has signed in. */
function subjectOf(token: string | undefined): string | undefined {
  try {
    return String(JSON.parse(atob(token!.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub);
  } catch {
    return undefined;
  }
}

export class Connection {
  state: State = FRESH;
  private line: Line | null = null;
  private outbox: Outbox;
  private mine = "";
  private cursor = 0;
  private tries = 0;
  private turn = 0;
  private closed = false;
  private paused = false;
  private streams = false;
  private socketWorks = false;
  private fails = 0;
  private welcomed = false;
  private proved = true;
  private takes: readonly string[] = [];
  /** What the server held when the page came: newer items are live. */
  private start: number | null = null;
  private subject: string | undefined;
  private flying: string | null = null;
  private timers: Record<"again" | "ack" | "typing", number> = { again: 0, ack: 0, typing: 0 };

  constructor(private wiring: Wiring) {
    this.outbox = new Outbox(wiring.shelf);
    this.state = { ...FRESH, outbox: this.outbox.list };
    addEventListener("online", this.online);
    addEventListener("offline", this.offline);
    addEventListener("pagehide", this.hide);
    addEventListener("pageshow", this.show);
    addEventListener("storage", this.otherTab);
    document.addEventListener("visibilitychange", this.online);
    void this.connect();
  }

  close() {
    this.closed = true;
    this.hangUp();
    removeEventListener("online", this.online);
    removeEventListener("offline", this.offline);
    removeEventListener("pagehide", this.hide);
    removeEventListener("pageshow", this.show);
    removeEventListener("storage", this.otherTab);
    document.removeEventListener("visibilitychange", this.online);
  }

  private set(part: Partial<State>, live: readonly Item[] = []) {
    this.state = { ...this.state, ...part, outbox: this.outbox.list };
    this.wiring.changed(live);
  }

  // ---- coming and going

  private online = () => {
    if (!document.hidden && !this.paused && this.state.link === "offline") void this.connect();
  };

  /** A socket notices only after minutes that the network is gone. */
  private offline = () => this.lost();

  /** A page that may come back from the browser's cache keeps no socket. */
  private hide = () => {
    this.paused = true;
    this.hangUp();
  };

  private show = () => {
    if (!this.paused) return;
    this.paused = false;
    void this.connect();
  };

  private otherTab = (e: StorageEvent) => {
    if (e.key !== this.wiring.shelf.key("") && e.key !== null) return;
    const spoke = this.state.items.some((i) => i.type === "customer_said") || this.outbox.list.length > 0;
    // Signed out over there, or a conversation begun there while this one is still empty.
    if (e.newValue === null || (this.saved()?.conversation !== this.mine && !spoke)) this.restart();
  };

  private saved = () => this.wiring.shelf.get<Saved>("");

  private hangUp() {
    this.turn += 1;
    clearTimeout(this.timers.again);
    clearTimeout(this.timers.ack);
    this.flying = null;
    this.line?.close();
    this.line = null;
  }

  private lost() {
    if (this.closed || this.paused) return;
    this.hangUp();
    // Where no socket has ever led to a welcome, every third try takes the other way.
    if (!this.welcomed && !this.socketWorks && navigator.onLine) this.streams = ++this.fails % 3 === 2;
    const wait = Math.min(30_000, 500 * 2 ** this.tries++) * (0.6 + Math.random() * 0.8);
    this.timers.again = window.setTimeout(() => void this.connect(), wait);
    this.set({ link: "offline", typing: null });
  }

  private async proof(): Promise<string | undefined> {
    const identity = this.wiring.identity();
    try {
      return typeof identity === "function" ? await identity() : identity;
    } catch {
      return undefined;
    }
  }

  async connect() {
    if (this.closed || this.paused) return;
    this.hangUp();
    const turn = this.turn;
    this.welcomed = false;
    this.set({ link: "connecting", typing: null });
    const token = this.proved ? await this.proof() : undefined;
    if (turn !== this.turn) return;
    const subject = subjectOf(token);
    if (subject && this.saved()?.sub && this.saved()?.sub !== subject) this.forget();
    this.subject = subject;
    const ears: Ears = {
      open: () => this.hello(token),
      frame: (frame) => turn === this.turn && this.receive(frame),
      closed: () => turn === this.turn && this.lost(),
    };
    const { server } = this.wiring;
    if (!this.streams) {
      this.line = socketLine(server, ears);
      return;
    }
    try {
      const { streamLine } = await lazy<typeof import("./stream")>("stream");
      if (turn === this.turn) this.line = streamLine(server, ears);
    } catch {
      ears.closed();
    }
  }

  private hello(identity: string | undefined) {
    const saved = this.saved();
    const { conversation, token, epoch } = saved ?? {};
    if (saved && this.mine && conversation !== this.mine) this.cursor = 0;
    const resume = saved ? { conversation, token, epoch, after: this.cursor } : {};
    const page = this.wiring.page();
    this.write({
      type: "hello",
      v: 1,
      locale: this.wiring.locale(),
      ...resume,
      ...(identity ? { identity } : {}),
      ...(Object.keys(page).length ? { page } : {}),
    });
  }

  private write(frame: Frame) {
    this.line?.send(frame);
  }

  // ---- what the server says

  private receive(frame: ServerFrame) {
    switch (frame.type) {
      case "welcome":
        return this.welcome(frame);
      case "events":
        if (frame.to <= this.cursor) return;
        if (frame.from > this.cursor + 1) return void this.connect();
        this.take(frame.items.filter((item) => item.seq > this.cursor));
        this.cursor = frame.to;
        return;
      case "ack":
        this.outbox.change(frame.cid, { acked: true });
        this.landed(frame.cid);
        this.wiring.told("sent", { cid: frame.cid, seq: frame.seq });
        return this.set({});
      case "signal":
        return this.signal(frame);
      case "error":
        return this.refused(frame);
    }
  }

  private welcome(w: Welcome) {
    this.tries = 0;
    this.welcomed = true;
    this.socketWorks ||= !this.streams;
    if (typeof this.wiring.identity() === "function") this.proved = true;
    if (!w.resumed || (this.mine && w.conversation !== this.mine)) {
      this.cursor = 0;
      this.outbox.restart();
      this.state = { ...this.state, items: [], readSeq: 0, agent: null };
    }
    this.mine = w.conversation;
    this.start ??= w.head;
    this.takes = w.takes ?? [];
    const { conversation, token, epoch } = w;
    this.wiring.shelf.set("", { conversation, token, epoch, sub: this.subject });
    this.set({
      link: "open",
      status: w.status,
      shop: w.shop,
      textMax: w.text_chars_max,
      reasons: w.rating?.reasons ?? null,
      files: w.files ?? null,
      images: w.images ?? [],
      mails: !!w.transcript_mail,
    });
    const { rating, contact } = this.state;
    if (rating) this.write({ type: "rate", ...rating });
    if (contact) this.write({ type: "contact", contact });
    this.pump();
  }

  private take(items: readonly Item[]) {
    for (const item of items) {
      if (item.type !== "customer_said") continue;
      this.outbox.remove(item.cid);
      this.landed(item.cid);
    }
    const next = fold(this.state, items);
    this.set(next, items.filter((item) => item.seq > (this.start ?? 0)));
  }

  private signal(frame: Extract<ServerFrame, { type: "signal" }>) {
    if (frame.kind === "queue") {
      const { place, wait_s, open, opens_at } = frame;
      this.wiring.told("queue", { place, wait_s, open });
      return this.set({ queue: { place, wait_s, open, opens_at } });
    }
    if (frame.kind === "read") return this.set({ readSeq: Math.max(frame.seq, this.state.readSeq) });
    clearTimeout(this.timers.typing);
    // The frame that takes it back may be lost.
    if (frame.on) this.timers.typing = window.setTimeout(() => this.set({ typing: null }), TYPING_MS_MAX);
    this.set({ typing: frame.on ? { who: frame.who, name: frame.name } : null });
  }

  private refused(error: Extract<ServerFrame, { type: "error" }>) {
    this.wiring.told("error", { code: error.code });
    if (error.code === "bad_identity") {
      // Run out: a callback is asked for a fresh one; a fixed token is of no more use, and hello goes without.
      this.proved = typeof this.wiring.identity() === "function" && this.tries === 0;
      return;
    }
    if (error.code === "unknown_conversation" || error.code === "auth_required") {
      if (!this.welcomed) {
        this.forget(true);
        return;
      }
    }
    if (error.code === "unknown_type") return this.set({ rating: null, contact: null });
    if (error.cid && FINAL.has(error.code)) {
      this.outbox.change(error.cid, { failed: error.code });
      this.landed(error.cid);
      return this.set({});
    }
    if (error.retry_after_ms) {
      clearTimeout(this.timers.ack);
      this.timers.ack = window.setTimeout(() => {
        this.flying = null;
        this.pump();
      }, error.retry_after_ms);
    }
  }

  /** The conversation of old is gone, or somebody else's. What was written and never sent may stay. */
  private forget(keepOutbox = false) {
    this.wiring.shelf.drop("");
    this.wiring.shelf.drop("seen");
    this.cursor = 0;
    this.mine = "";
    this.start = null;
    if (keepOutbox) this.outbox.restart();
    else this.outbox.clear();
    this.state = { ...this.state, items: [], status: "with_bot", agent: null, queue: null, rating: null, contact: null, readSeq: 0 };
  }

  // ---- what the customer says

  /** One message at a time: a later one never overtakes an earlier one that has to wait. */
  private pump() {
    if (this.state.link !== "open" || this.flying) return;
    const m = this.outbox.next();
    if (!m) return;
    this.flying = m.cid;
    const { cid, text, choice, form, photos } = m;
    this.write({ type: "say", cid, text, ...(choice && { choice }), ...(form && { form }), ...(photos && { photos }) });
    clearTimeout(this.timers.ack);
    this.timers.ack = window.setTimeout(() => void this.connect(), ACK_MS_MAX);
  }

  private landed(cid: string) {
    if (cid !== this.flying) return;
    clearTimeout(this.timers.ack);
    this.flying = null;
    this.pump();
  }

  say(text: string, more: Pick<Outgoing, "choice" | "form" | "photos"> = {}) {
    this.outbox.add({ cid: newId(), text, ...more, at: Date.now() });
    this.set({});
    this.pump();
  }

  /** Tapped on a message that did not go: refused ones go as new ones, others at once. */
  retry(cid: string) {
    const m = this.outbox.list.find((one) => one.cid === cid);
    if (m?.failed) {
      this.outbox.remove(cid);
      const { text, choice, form, photos } = m;
      this.say(text, { choice, form, photos });
    }
    if (this.state.link === "offline") void this.connect();
  }

  rate(rating: Rating) {
    this.set({ rating });
    this.write({ type: "rate", ...rating });
  }

  leaveContact(contact: string) {
    this.set({ contact });
    this.write({ type: "contact", contact });
  }

  /** Another page without a reload. */
  look() {
    if (this.state.link === "open") this.write({ type: "page", page: this.wiring.page() });
  }

  typing(on: boolean) {
    if (this.state.link === "open") this.write({ type: "typing", on });
  }

  seen(seq: number) {
    if (this.takes.includes("read")) this.write({ type: "read", seq });
  }

  /** For calls beside the frames: files and the transcript. */
  credentials(): { conversation: string; token: string } | null {
    return this.saved();
  }

  /** Another identity: hello is said anew. */
  identify() {
    this.proved = true;
    this.tries = 0;
    void this.connect();
  }

  /** From the start, with whatever storage holds. */
  private restart() {
    this.cursor = 0;
    this.mine = "";
    this.start = null;
    this.outbox = new Outbox(this.wiring.shelf);
    this.state = { ...FRESH };
    void this.connect();
  }

  /** The customer has signed out: nothing of the conversation stays. */
  reset() {
    this.hangUp();
    this.forget();
    this.restart();
  }
}
