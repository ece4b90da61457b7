// What the page knows: the board, one watched conversation, drafts, and what is on its way to the server.
import type { Act, Agent, DeskFrame, Item, Lang, Notice, Presence, Refusal, Row, ServerFrame } from "./protocol";
import { Link, type LinkState } from "./link";
import { Outbox } from "./outbox";
import { rowOf } from "./rows";
import { Tray } from "./tray";

export type Mode = "reply" | "note";
export type Toast = Notice & { key: number };
/** Changes of the board, for those who ring and count. */
export type RowsHeard = (changed: Row[], before: Map<string, Row>) => void;

const TYPING_MS = 6_000;
const TYPING_AGAIN_MS = 3_000;
const DRAFT_PAUSE_MS = 800;
const ACT_MS_MAX = 8_000;

export class Desk {
  link: LinkState = "connecting";
  self: DeskFrame | null = null;
  skew = 0;
  rows = new Map<string, Row>();
  rowsVersion = 0;
  hasBoard = false;
  agents: Agent[] = [];
  watched: string | null = null;
  items: Item[] = [];
  cursor = 0;
  viewers: string[] = [];
  typists: { name: string; until: number }[] = [];
  refusal: Refusal | null = null;
  acting: Act | null = null;
  mode: Mode = "reply";
  drafts: Record<string, string> = {};
  noteDrafts: Record<string, string> = {};
  /** Notes to go with a yes or no; each belongs to one question, and the next question begins with none. */
  answers: Record<string, { asked: number; note: string }> = {};
  toasts: Toast[] = [];
  /** The event to bring into view once it is there. */
  goal: number | null = null;
  readonly outbox: Outbox;
  /** Files for replies not sent yet; they live as long as the page. */
  readonly tray = new Tray(() => this.changed());
  onRows: RowsHeard | null = null;
  onNotice: ((notice: Notice) => void) | null = null;
  onDone: ((act: Act, conversation: string) => void) | null = null;

  private ears = new Set<() => void>();
  private isTold = true;
  private socket: Link;
  private unsaved = new Map<string, ReturnType<typeof setTimeout>>();
  private typedAt = 0;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private actTimer: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setInterval>;
  private toastKey = 0;

  constructor(
    readonly account: string,
    private loggedOut: () => void,
  ) {
    this.outbox = new Outbox(
      (f) => this.socket.send(f),
      () => this.changed(),
      `xiaoer:outbox:${account}`,
    );
    this.socket = new Link({
      opened: () => this.opened(),
      frame: (f) => this.receive(f as ServerFrame),
      state: (state) => {
        this.link = state;
        this.changed();
      },
      loggedOut: () => this.loggedOut(),
    });
    this.watchdog = setInterval(() => this.watchLine(), 2_000);
  }

  listen(ear: () => void): () => void {
    this.ears.add(ear);
    return () => void this.ears.delete(ear);
  }

  now(): number {
    return Date.now() + this.skew;
  }

  langOf(id: string): Lang {
    return this.row(id)?.lang ?? "zh";
  }

  /** A conversation off the board (found by search) tells of itself by its events. */
  row(id: string | null): Row | undefined {
    if (!id) return undefined;
    return this.rows.get(id) ?? (id === this.watched ? rowOf(id, this.items, this.self) : undefined);
  }

  /** Many frames at once are one round of drawing. */
  changed() {
    if (!this.isTold) return;
    this.isTold = false;
    queueMicrotask(() => {
      this.isTold = true;
      this.ears.forEach((ear) => ear());
    });
  }

  // --- what the server says ---

  private opened() {
    if (this.watched) this.socket.send({ type: "watch", conversation: this.watched, after: this.cursor });
    this.outbox.resend();
    for (const id of [...this.unsaved.keys()]) this.saveDraft(id);
  }

  private receive(frame: ServerFrame) {
    switch (frame.type) {
      case "desk":
        this.takeDesk(frame);
        break;
      case "board":
        this.takeBoard(frame.conversations);
        break;
      case "rows":
        this.takeRows(frame.changed, frame.gone);
        break;
      case "agents":
        this.agents = frame.agents;
        this.takeState(frame.agents);
        break;
      case "events":
        this.takeEvents(frame);
        break;
      case "ack":
        this.outbox.acked(frame.cid, frame.seq);
        this.outbox.shown(this.watched, this.cursor);
        break;
      case "done":
        this.acting = null;
        this.onDone?.(frame.act, frame.conversation);
        break;
      case "signal":
        this.takeSignal(frame);
        break;
      case "notice":
        this.toasts = [...this.toasts.slice(-3), { ...frame, key: ++this.toastKey }];
        this.onNotice?.(frame);
        break;
      case "error":
        this.takeRefusal(frame);
    }
    this.changed();
  }

  private takeDesk(frame: DeskFrame) {
    this.self = frame;
    this.skew = frame.now - Date.now();
    this.agents = frame.agents;
    const kept = [...this.unsaved.keys()].map((id) => [id, this.drafts[id] ?? ""] as const);
    this.drafts = { ...frame.drafts, ...Object.fromEntries(kept) };
  }

  /** One's own presence may be changed by the server, or from another window. */
  private takeState(agents: Agent[]) {
    const own = agents.find((a) => a.account === this.account);
    if (own && this.self && own.state !== "offline" && own.state !== this.self.state) {
      this.self = { ...this.self, state: own.state };
    }
  }

  private takeBoard(conversations: Row[]) {
    const before = this.rows;
    // A row that is the same stays the same object, so that nothing of it is drawn anew.
    this.rows = new Map(
      conversations.map((row) => {
        const old = before.get(row.id);
        return [row.id, old && JSON.stringify(old) === JSON.stringify(row) ? old : row];
      }),
    );
    this.rowsVersion++;
    if (this.hasBoard)
      this.onRows?.(
        conversations.filter((row) => this.rows.get(row.id) !== before.get(row.id)),
        before,
      );
    this.hasBoard = true;
  }

  private takeRows(changed: Row[], gone: string[]) {
    const before = new Map(changed.map((row) => [row.id, this.rows.get(row.id)!]));
    changed.forEach((row) => this.rows.set(row.id, row));
    gone.forEach((id) => this.rows.delete(id));
    this.rowsVersion++;
    this.onRows?.(changed, before);
  }

  private takeEvents(frame: Extract<ServerFrame, { type: "events" }>) {
    if (frame.conversation !== this.watched || frame.to <= this.cursor) return;
    if (frame.from > this.cursor + 1) {
      this.socket.send({ type: "watch", conversation: frame.conversation, after: this.cursor });
      return;
    }
    const fresh = frame.items.filter((item) => item.seq > this.cursor);
    // The event may come before its acknowledgement: it is one message, shown once.
    for (const item of fresh)
      if (item.type === "agent_said" || item.type === "noted") this.outbox.acked(item.cid, item.seq);
    this.items = [...this.items, ...fresh];
    this.cursor = frame.to;
    if (fresh.some((i) => i.type === "customer_said")) this.typists = this.typists.filter((t) => t.name);
    if (fresh.some((i) => i.type === "agent_said")) this.typists = this.typists.filter((t) => !t.name);
    this.outbox.shown(this.watched, this.cursor);
  }

  private takeSignal(frame: Extract<ServerFrame, { type: "signal" }>) {
    if (frame.conversation !== this.watched) return;
    if (frame.kind === "viewing") {
      this.viewers = frame.names;
      return;
    }
    const name = frame.who === "customer" ? "" : (frame.name ?? "?");
    const others = this.typists.filter((t) => t.name !== name);
    this.typists = frame.on ? [...others, { name, until: Date.now() + TYPING_MS }] : others;
  }

  private takeRefusal(frame: Refusal) {
    if (frame.cid) this.outbox.refused(frame.cid, frame);
    else this.acting = null;
    // A message that was refused says so itself, beside its text.
    const isSaid = frame.cid && (frame.conversation === this.watched || this.outbox.isPassing(frame));
    if (!isSaid && frame.act !== "draft") this.refusal = frame;
  }

  private watchLine() {
    if (this.link === "open" && this.outbox.isUnheard()) this.socket.restart();
    const live = this.typists.filter((t) => t.until > Date.now());
    if (live.length === this.typists.length) return;
    this.typists = live;
    this.changed();
  }

  // --- what the agent does ---

  watch(conversation: string | null, goal: number | null = null) {
    this.goal = goal;
    if (conversation === this.watched) return this.changed();
    this.typing(false);
    const old = this.watched;
    this.watched = conversation;
    Object.assign(this, { items: [], cursor: 0, viewers: [], typists: [], refusal: null, acting: null });
    this.mode = "reply";
    this.outbox.shown(null, 0);
    if (conversation) this.socket.send({ type: "watch", conversation, after: 0 });
    else if (old) this.socket.send({ type: "unwatch" });
    this.changed();
  }

  act(type: Act, conversation: string, fields: object = {}) {
    this.refusal = null;
    if (!this.socket.send({ type, conversation, ...fields })) {
      this.refusal = { code: "offline" };
    } else {
      this.acting = type;
      clearTimeout(this.actTimer);
      this.actTimer = setTimeout(() => {
        this.acting = null;
        this.changed();
      }, ACT_MS_MAX);
    }
    this.changed();
  }

  presence(state: Presence) {
    if (!this.self || !this.socket.send({ type: "presence", state })) return;
    this.self = { ...this.self, state };
    this.changed();
  }

  refuse(refusal: Refusal) {
    this.refusal = refusal;
    this.changed();
  }

  forgive() {
    this.refusal = null;
    this.changed();
  }

  dismiss(key: number) {
    this.toasts = this.toasts.filter((t) => t.key !== key);
    this.changed();
  }

  setMode(mode: Mode) {
    if (mode === "note") this.typing(false);
    this.mode = mode;
    this.changed();
  }

  text(id: string, mode: Mode): string {
    return (mode === "note" ? this.noteDrafts[id] : this.drafts[id]) ?? "";
  }

  write(id: string, mode: Mode, text: string) {
    if (mode === "note") {
      this.noteDrafts = { ...this.noteDrafts, [id]: text };
    } else {
      this.drafts = { ...this.drafts, [id]: text };
      clearTimeout(this.unsaved.get(id));
      this.unsaved.set(
        id,
        setTimeout(() => this.saveDraft(id), DRAFT_PAUSE_MS),
      );
      this.typing(text !== "");
    }
    this.changed();
  }

  answer(id: string, asked: number): string {
    const one = this.answers[id];
    return one?.asked === asked ? one.note : "";
  }

  writeAnswer(id: string, asked: number, note: string) {
    this.answers = { ...this.answers, [id]: { asked, note } };
    this.changed();
  }

  decide(id: string, asked: number, yes: boolean) {
    const note = this.answer(id, asked).trim();
    this.act("decide", id, { asked, yes, ...(note ? { note } : {}) });
  }

  send(id: string, mode: Mode, text: string, mentions: string[]) {
    this.refusal = null;
    const files = mode === "reply" ? this.tray.take(id) : [];
    this.outbox.add(id, mode, text, {
      ...(mentions.length > 0 && { mentions }),
      ...(files.length > 0 && { files }),
    });
    this.write(id, mode, "");
    if (mode === "reply") this.saveDraft(id);
  }

  /** What was written comes back into the field, to be mended. */
  takeBack(cid: string) {
    const one = this.outbox.list.find((m) => m.cid === cid);
    if (!one) return;
    this.outbox.drop(cid);
    this.mode = one.kind;
    if (one.files) this.tray.giveBack(one.conversation, one.files);
    const words = [one.text, this.text(one.conversation, one.kind)];
    this.write(one.conversation, one.kind, words.filter(Boolean).join("\n"));
  }

  close() {
    clearInterval(this.watchdog);
    clearTimeout(this.quiet);
    for (const id of [...this.unsaved.keys()]) this.saveDraft(id);
    this.socket.close();
  }

  private saveDraft(id: string) {
    clearTimeout(this.unsaved.get(id));
    const text = this.drafts[id] ?? "";
    if (this.socket.send({ type: "draft", conversation: id, text })) this.unsaved.delete(id);
  }

  /** Told once in a while as long as keys are pressed, and once when they rest. */
  private typing(on: boolean) {
    const conversation = this.watched;
    clearTimeout(this.quiet);
    if (!conversation || (!on && !this.typedAt)) return;
    const now = Date.now();
    if (on) this.quiet = setTimeout(() => this.typing(false), TYPING_AGAIN_MS + 1_000);
    if (on && now - this.typedAt < TYPING_AGAIN_MS) return;
    this.typedAt = on ? now : 0;
    this.socket.send({ type: "typing", conversation, on });
  }
}
