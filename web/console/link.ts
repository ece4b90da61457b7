// The socket: opens, falls back with growing pauses, and tells when the login is no longer good.

export type LinkState = "connecting" | "open" | "offline";

type Ears = {
  opened: () => void;
  frame: (frame: unknown) => void;
  state: (state: LinkState) => void;
  /** The server no longer knows this login. */
  loggedOut: () => void;
};

const PAUSE_MS_MAX = 15_000;

export class Link {
  private socket: WebSocket | null = null;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(private ears: Ears) {
    this.connect();
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  send(frame: object): boolean {
    if (!this.isOpen) return false;
    this.socket!.send(JSON.stringify(frame));
    return true;
  }

  /** The line is dead though nobody said so: a new one at once. */
  restart() {
    const dead = this.socket;
    if (!dead) return;
    // A dead line answers no farewell either, so nobody waits for one.
    dead.onclose = dead.onmessage = null;
    dead.close();
    this.lost();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    this.socket?.close();
  }

  private hurry = () => {
    if (document.hidden || this.socket !== null || this.closed) return;
    clearTimeout(this.timer);
    this.connect();
  };

  private connect() {
    const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/v1/console");
    this.socket = socket;
    socket.onopen = () => {
      this.tries = 0;
      this.ears.state("open");
      this.ears.opened();
    };
    socket.onmessage = (e) => this.ears.frame(JSON.parse(e.data));
    socket.onclose = () => this.lost();
  }

  private lost() {
    this.socket = null;
    if (this.closed) return;
    this.ears.state("offline");
    void this.askLogin();
    const pause = Math.min(PAUSE_MS_MAX, 500 * 2 ** this.tries++) * (0.6 + Math.random() * 0.8);
    this.timer = setTimeout(() => this.connect(), pause);
  }

  /** A browser does not tell why an upgrade was refused; the login itself does. */
  private async askLogin() {
    try {
      const answer = await fetch("/console/api/me");
      if (answer.status === 401 && !this.closed) this.ears.loggedOut();
    } catch {
      // Not reachable at all; the next try will tell.
    }
  }
}
