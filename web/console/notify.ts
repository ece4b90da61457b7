// How the page calls somebody who looks elsewhere: title, favicon dot, one soft sound, one notification.
import type { Desk } from "./desk";
import { remembered, remember } from "./memory";
import type { Notice, Row } from "./protocol";
import { isAsking, isOfferedTo } from "./rows";
import type { Words } from "./words";

const SOUND_REST_MS = 4_000;
const NOTIFICATION_MS = 8_000;
const ICON = (dot: boolean) =>
  `data:image/svg+xml,${encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2457c5"/>' +
      `<path d="M9 11h14v9H15l-4 4v-4H9z" fill="#fff"/>${dot ? '<circle cx="25" cy="7" r="7" fill="#d92d20"/>' : ""}</svg>`,
  )}`;

export class Bell {
  private waiting: string[] = [];
  private where: string | null = null;
  private shown: Notification | null = null;
  private fade: ReturnType<typeof setTimeout> | undefined;
  private rangAt = 0;
  private audio: AudioContext | null = null;

  constructor(
    private desk: Desk,
    private words: () => Words,
    private open: (conversation: string) => void,
  ) {
    desk.onRows = (changed, before) => changed.forEach((row) => this.heard(row, before.get(row.id)));
    desk.onNotice = (notice) => this.noticed(notice);
    addEventListener("focus", this.seen);
    // Browsers let a page sound only after somebody has used it.
    addEventListener("pointerdown", this.warm, { once: true });
    addEventListener("keydown", this.warm, { once: true });
  }

  close() {
    this.desk.onRows = this.desk.onNotice = null;
    removeEventListener("focus", this.seen);
    removeEventListener("pointerdown", this.warm);
    removeEventListener("keydown", this.warm);
    this.seen();
    void this.audio?.close();
  }

  count(n: number, name: string) {
    document.title = n ? `(${n}) ${name}` : name;
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    const wanted = ICON(n > 0);
    if (icon && icon.href !== wanted) icon.href = wanted;
  }

  private heard(row: Row, before: Row | undefined) {
    const { desk } = this;
    const now = desk.now();
    const w = this.words();
    if (isOfferedTo(row, desk.account, now) && before?.offered_to !== desk.account)
      return this.call(row.id, w.ring.offer);
    const isAtWork = desk.self?.state === "online" || desk.self?.state === "busy";
    const isNewly = before?.approval?.asked !== row.approval?.asked;
    if (isNewly && isAtWork && isAsking(row, desk.self)) return this.call(row.id, w.ring.approval);
    const isMine = row.status === "with_agent" && row.agent === desk.account;
    if (isMine && row.unanswered > (before?.unanswered ?? 0))
      this.call(row.id, w.ring.message(row.customer ?? w.visitor));
  }

  private noticed(notice: Notice) {
    const w = this.words();
    const by = notice.by ?? "";
    this.call(notice.conversation, notice.kind === "alarm" ? w.ring.alarm : w.ring[notice.kind](by));
  }

  /** Silent for the conversation one is looking at. */
  private call(conversation: string, line: string) {
    const isLooking = document.hasFocus() && this.desk.watched === conversation;
    if (isLooking) return;
    this.ring();
    if (document.hasFocus()) return;
    this.waiting.push(line);
    this.where = conversation;
    this.show();
  }

  /** One notification for all that waits; it closes itself. */
  private show() {
    if (!("Notification" in window) || Notification.permission !== "granted" || remembered("desktop") === "off") return;
    const w = this.words();
    const [n, where] = [this.waiting.length, this.where];
    this.shown?.close();
    this.shown = new Notification(n > 1 ? w.ring.many(n) : this.waiting[0]!, {
      tag: "xiaoer",
      silent: true,
      icon: ICON(false),
    });
    this.shown.onclick = () => {
      window.focus();
      if (where) this.open(where);
    };
    clearTimeout(this.fade);
    this.fade = setTimeout(() => this.shown?.close(), NOTIFICATION_MS);
  }

  private seen = () => {
    this.waiting = [];
    this.shown?.close();
    this.shown = null;
  };

  private warm = () => {
    this.audio ??= new AudioContext();
  };

  private ring() {
    const now = Date.now();
    if (!this.audio || remembered("sound") === "off" || now - this.rangAt < SOUND_REST_MS) return;
    this.rangAt = now;
    chime(this.audio);
  }
}

/** Two soft notes, the second a fourth higher. */
function chime(audio: AudioContext) {
  void audio.resume();
  [523.25, 698.46].forEach((pitch, i) => {
    const at = audio.currentTime + i * 0.14;
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.08, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.45);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.5);
  });
}

export const askForNotifications = async (): Promise<NotificationPermission> => {
  const answer = await Notification.requestPermission();
  remember("desktop", answer === "granted" ? "on" : "off");
  return answer;
};
