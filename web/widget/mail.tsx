// The transcript by e-mail: the address, and what came of it. It comes with forms.js and brings its own words, so
// that only who asks for it pays for them.
import { useState } from "preact/hooks";
import { isTraditional } from "../shared/i18n";
import { ADDRESS } from "../shared/text";
import type { Mailed } from "./frames";

const zh = {
  title: "把聊天记录发到邮箱",
  address: "邮箱地址",
  send: "发送",
  sending: "正在发送…",
  cancel: "取消",
  done: "关闭",
  bad: "请填写一个邮箱地址",
  sent: (to: string) => `已发往 ${to}，可能要几分钟才到`,
  refused: "店铺没有发往这个地址",
  slow: "现在发不了，没有发出。请稍后再试",
  unknown: "不清楚有没有发出，请先看看邮箱，再决定要不要重发",
  slow_down: (minutes: number) => `发得太多了，请 ${minutes} 分钟后再试`,
  offline: "网络断开，没有发出。连上后再试",
};
type Words = typeof zh;
const tw: Words = {
  title: "把對話紀錄寄到電子郵件",
  address: "電子郵件地址",
  send: "傳送",
  sending: "正在傳送…",
  cancel: "取消",
  done: "關閉",
  bad: "請填寫一個電子郵件地址",
  sent: (to) => `已寄往 ${to}，可能要幾分鐘才到`,
  refused: "商店沒有寄往這個地址",
  slow: "現在寄不了，沒有寄出。請稍後再試",
  unknown: "不清楚有沒有寄出，請先看看信箱，再決定要不要重寄",
  slow_down: (minutes) => `寄得太多了，請 ${minutes} 分鐘後再試`,
  offline: "網路中斷，沒有寄出。連上後再試",
};
const en: Words = {
  title: "Send the transcript by email",
  address: "Email address",
  send: "Send",
  sending: "Sending…",
  cancel: "Cancel",
  done: "Close",
  bad: "Please give an email address",
  sent: (to) => `On its way to ${to}; it may take a few minutes`,
  refused: "The shop did not send it to this address",
  slow: "It cannot be sent now, and was not. Please try later",
  unknown: "We cannot tell whether it was sent. Look into your mailbox before you try again",
  slow_down: (minutes) => `Too many letters; please try again in ${minutes} min`,
  offline: "You are offline, and it was not sent. Try again when the connection is back",
};

/** The same function each time, so that the field is given the focus once. */
const focused = (el: HTMLElement | null) => el?.focus();

function wordOf(w: Words, told: Mailed, to: string): string {
  if (told.state === "sent") return w.sent(to);
  if (told.state === "slow_down") return w.slow_down(told.minutes || 1);
  if (told.state === "refused") return told.reason || w.refused;
  return told.state === "bad_field" ? w.bad : w[told.state];
}

type Props = { locale: string; send: (to: string) => Promise<Mailed>; close: () => void };

export function MailForm({ locale, send, close }: Props) {
  const w = isTraditional(locale) ? tw : /^zh/i.test(locale) ? zh : en;
  const [to, setTo] = useState("");
  const [busy, setBusy] = useState(false);
  const [told, setTold] = useState<Mailed | null>(null);
  const submit = async (e: Event) => {
    e.preventDefault();
    if (busy) return;
    if (!ADDRESS.test(to.trim())) return setTold({ state: "bad_field" });
    setBusy(true);
    setTold(await send(to.trim()));
    setBusy(false);
  };
  const escape = (e: KeyboardEvent) => {
    if (e.key !== "Escape") return;
    e.stopPropagation();
    close();
  };
  if (told?.state === "sent") {
    return (
      <div class="sheet mail" onKeyDown={escape}>
        <p role="status">{wordOf(w, told, to.trim())}</p>
        <button type="button" class="main" ref={focused} onClick={close}>
          {w.done}
        </button>
      </div>
    );
  }
  const wrong = told?.state === "bad_field";
  return (
    <form class="sheet mail" onSubmit={submit} onKeyDown={escape} noValidate>
      <p class="sheet-title">{w.title}</p>
      <label class="field">
        <span>{w.address}</span>
        <input
          type="email"
          autocomplete="email"
          maxLength={254}
          value={to}
          readOnly={busy}
          ref={focused}
          aria-invalid={wrong}
          aria-describedby="mail-told"
          onInput={(e) => setTo(e.currentTarget.value)}
        />
      </label>
      <p class={told && !busy ? "wrong" : "hidden"} id="mail-told" role="alert">
        {told && !busy ? wordOf(w, told, to) : ""}
      </p>
      <div class="row">
        <button type="submit" class="main" aria-disabled={busy}>
          {busy ? w.sending : w.send}
        </button>
        <button type="button" class="plain" onClick={close}>
          {w.cancel}
        </button>
      </div>
    </form>
  );
}
