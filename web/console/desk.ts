// The agent's connection: the board, one watched conversation, an outbox of replies.
import type { Item, Status } from "../shared/protocol";
import { newId } from "../shared/text";

export type Row = {
  id: string;
  status: Status;
  agent?: string;
  lang: string;
  last_text: string;
  last_at: number;
  waiting_since?: number;
  reason?: string;
};

export type Sending = { cid: string; conversation: string; text: string };

export class Desk {
  link: "connecting" | "open" | "offline" = "connecting";
  board: Row[] | null = null;
  watched: string | null = null;
  items: Item[] = [];
  sending: Sending[] = [];
  customerTyping = false;
  refusal = "";
  private cursor = 0;
  private socket: WebSocket | null = null;
  private tries = 0;
  private closed = false;

  constructor(private changed: () => void) {
    this.connect();
  }

  private connect() {
    if (this.closed) return;
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/v1/console");
    this.socket = socket;
    socket.onopen = () => {
      this.tries = 0;
      this.link = "open";
      if (this.watched) this.write({ type: "watch", conversation: this.watched, after: this.cursor });
      this.sending.forEach((m) => this.write({ type: "reply", ...m }));
      this.changed();
    };
    socket.onmessage = (e) => this.receive(JSON.parse(e.data));
    socket.onclose = () => {
      if (this.closed) return;
      this.link = "offline";
      this.changed();
      setTimeout(() => this.connect(), Math.min(15_000, 500 * 2 ** this.tries++) * (0.6 + Math.random() * 0.8));
    };
  }

  private write(frame: object) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private receive(frame: any) {
    if (frame.type === "board") this.board = frame.conversations;
    if (frame.type === "events" && frame.conversation === this.watched && frame.to > this.cursor) {
      const fresh = frame.items.filter((item: Item) => item.seq > this.cursor);
      this.items = [...this.items, ...fresh];
      this.cursor = frame.to;
      if (fresh.some((i: Item) => i.type === "customer_said")) this.customerTyping = false;
    }
    if (frame.type === "ack") this.sending = this.sending.filter((m) => m.cid !== frame.cid);
    if (frame.type === "signal" && frame.kind === "typing") this.customerTyping = frame.on;
    if (frame.type === "error") {
      this.refusal = frame.code;
      this.sending = this.sending.filter((m) => m.cid !== frame.cid);
    }
    this.changed();
  }

  watch(conversation: string | null) {
    this.watched = conversation;
    this.items = [];
    this.cursor = 0;
    this.customerTyping = false;
    this.refusal = "";
    if (conversation) this.write({ type: "watch", conversation, after: 0 });
    this.changed();
  }

  act(type: "claim" | "resolve", conversation: string) {
    this.refusal = "";
    this.write({ type, conversation });
  }

  reply(conversation: string, text: string) {
    const message = { cid: newId(), conversation, text };
    this.refusal = "";
    this.sending = [...this.sending, message];
    this.write({ type: "reply", ...message });
    this.changed();
  }

  typing(conversation: string, on: boolean) {
    this.write({ type: "typing", conversation, on });
  }

  close() {
    this.closed = true;
    this.socket?.close();
  }
}
