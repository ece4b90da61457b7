// The customer's connection: hello and resume, an outbox that is resent until acknowledged, every event
// once and in order.
import type { Item, Refusal, Status } from "../shared/protocol";
import { newId } from "../shared/text";

export type Outgoing = { cid: string; text: string; choice?: string; at: number; failed?: string };
export type State = {
  link: "connecting" | "open" | "offline";
  retryAt: number;
  status: Status;
  shop: string;
  items: Item[];
  outbox: Outgoing[];
  typing: "bot" | "agent" | null;
  queue: { place: number; open: boolean } | null;
  textMax: number;
};

/** What is on the page the customer looks at. */
export type Page = { product?: string; order?: string };

type Saved = { conversation: string; token: string; epoch: string };

const FINAL = new Set(["bad_text", "empty", "too_long", "bad_cid", "cid_conflict", "bad_field"]);

/** Storage that may be forbidden: then the conversation lasts as long as the page. */
function storage(key: string) {
  let memory: string | null = null;
  return {
    get(): Saved | null {
      try {
        return JSON.parse(localStorage.getItem(key) ?? "null");
      } catch {
        return memory ? JSON.parse(memory) : null;
      }
    },
    set(saved: Saved | null) {
      memory = saved && JSON.stringify(saved);
      try {
        if (memory) localStorage.setItem(key, memory);
        else localStorage.removeItem(key);
      } catch {
        /* memory has it */
      }
    },
  };
}

export class Connection {
  state: State = {
    link: "connecting",
    retryAt: 0,
    status: "with_bot",
    shop: "",
    items: [],
    outbox: [],
    typing: null,
    queue: null,
    textMax: 2000,
  };
  private socket: WebSocket | null = null;
  private cursor = 0;
  private tries = 0;
  private closed = false;
  private timer = 0;
  private held = 0;
  private store;

  constructor(
    private url: string,
    site: string,
    private locale: string,
    private changed: (item?: Item) => void,
    private identity?: string,
    private page: Page = {},
  ) {
    this.store = storage(`xiaoer:${site}`);
    addEventListener("online", this.online);
    this.connect();
  }

  private online = () => {
    if (this.state.link === "offline") this.connect();
  };

  private set(part: Partial<State>) {
    this.state = { ...this.state, ...part };
    this.changed();
  }

  connect() {
    if (this.closed) return;
    clearTimeout(this.timer);
    this.socket?.close();
    this.set({ link: "connecting", typing: null });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      const saved = this.store.get();
      const resume = saved ? { ...saved, after: this.cursor } : {};
      const identity = this.identity ? { identity: this.identity } : {};
      const page = Object.keys(this.page).length ? { page: this.page } : {};
      this.write({ type: "hello", v: 1, locale: this.locale, ...resume, ...identity, ...page });
    };
    socket.onmessage = (e) => this.socket === socket && this.receive(JSON.parse(e.data));
    socket.onclose = () => this.socket === socket && this.lost();
  }

  private lost() {
    if (this.closed) return;
    this.socket = null;
    const wait = Math.min(30_000, 500 * 2 ** this.tries++) * (0.6 + Math.random() * 0.8);
    this.set({ link: "offline", retryAt: Date.now() + wait, typing: null });
    this.timer = window.setTimeout(() => this.connect(), wait);
  }

  private write(frame: object) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private receive(frame: any) {
    switch (frame.type) {
      case "welcome": {
        this.tries = 0;
        this.store.set({ conversation: frame.conversation, token: frame.token, epoch: frame.epoch });
        if (!frame.resumed) {
          this.cursor = 0;
          this.state.items = [];
        }
        this.set({ link: "open", status: frame.status, shop: frame.shop, textMax: frame.text_chars_max });
        this.state.outbox.filter((m) => !m.failed).forEach((m) => this.push(m));
        return;
      }
      case "events":
        if (frame.to <= this.cursor) return;
        if (frame.from > this.cursor + 1) return this.connect();
        this.take(frame.items.filter((item: Item) => item.seq > this.cursor));
        this.cursor = frame.to;
        return;
      case "ack":
        return;
      case "signal":
        if (frame.kind === "typing") this.set({ typing: frame.on ? frame.who : null });
        if (frame.kind === "queue") this.set({ queue: { place: frame.place, open: frame.open } });
        return;
      case "error":
        this.refused(frame);
    }
  }

  private take(items: Item[]) {
    let { status, outbox, queue } = this.state;
    for (const item of items) {
      if (item.type === "customer_said") {
        outbox = outbox.filter((m) => m.cid !== item.cid);
        if (status === "resolved") status = "with_bot";
      }
      if (item.type === "handoff_requested") status = "waiting";
      if (item.type === "agent_joined") status = "with_agent";
      if (item.type === "resolved") status = "resolved";
    }
    if (status !== "waiting") queue = null;
    this.state = { ...this.state, items: [...this.state.items, ...items], status, outbox, queue, typing: null };
    items.forEach((item) => this.changed(item));
    this.changed();
  }

  private refused(error: Refusal) {
    if (error.code === "bad_identity") {
      // The token has run out: go on as nobody; the page may bring a fresh one.
      this.identity = undefined;
      return;
    }
    if (error.code === "unknown_conversation" || error.code === "auth_required") {
      this.store.set(null);
      this.cursor = 0;
      this.set({ items: [] });
      return;
    }
    if (error.cid && FINAL.has(error.code)) {
      const outbox = this.state.outbox.map((m) => (m.cid === error.cid ? { ...m, failed: error.code } : m));
      this.set({ outbox });
    } else if (error.retry_after_ms) {
      clearTimeout(this.held);
      const again = () => this.state.outbox.filter((m) => !m.failed).forEach((m) => this.push(m));
      this.held = window.setTimeout(again, error.retry_after_ms);
    }
  }

  private push(m: Outgoing) {
    this.write({ type: "say", cid: m.cid, text: m.text, ...(m.choice ? { choice: m.choice } : {}) });
  }

  say(text: string, choice?: string) {
    const message: Outgoing = { cid: newId(), text, choice, at: Date.now() };
    this.set({ outbox: [...this.state.outbox, message] });
    this.push(message);
  }

  retry(cid: string) {
    const failed = this.state.outbox.find((m) => m.cid === cid);
    this.set({ outbox: this.state.outbox.filter((m) => m.cid !== cid) });
    if (failed) this.say(failed.text, failed.choice);
  }

  /** Another page without a reload. */
  look(page: Page) {
    this.page = page;
    if (this.state.link === "open") this.write({ type: "page", page });
  }

  /** The customer signed in, or out without a token: hello is said anew. */
  identify(identity?: string) {
    this.identity = identity;
    this.connect();
  }

  typing(on: boolean) {
    this.write({ type: "typing", on });
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.online);
    this.socket?.close();
  }
}
