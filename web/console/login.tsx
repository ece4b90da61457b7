// The way in.
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused, send } from "./api";
import { useSpeech } from "./hooks";
import type { Me } from "./protocol";

type Props = { done: (me: Me) => void; hasEnded: boolean; switchLang: () => void };

export function Login({ done, hasEnded, switchLang }: Props) {
  const { w } = useSpeech();
  const first = useRef<HTMLInputElement>(null);
  const [error, setError] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => first.current?.focus(), []);
  const submit = async (e: Event) => {
    e.preventDefault();
    const form = Object.fromEntries(new FormData(e.currentTarget as HTMLFormElement));
    setBusy(true);
    try {
      done(await send<Me>("POST", "login", form));
    } catch (why) {
      const status = why instanceof Refused ? why.status : 0;
      setError(status === 429 ? w.tooMany : status >= 400 && status < 500 ? w.wrong : w.unreachable);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="login-page">
      <form class="login" onSubmit={submit}>
        <h1>{w.name}</h1>
        <p class="soft">{hasEnded ? w.ended : w.loginLead}</p>
        <label class="field">
          {w.account}
          <input name="account" autocomplete="username" required ref={first} />
        </label>
        <label class="field">
          {w.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="error" role="alert">
          {error}
        </p>
        <button class="main" disabled={isBusy}>
          {w.logIn}
        </button>
      </form>
      <button class="lang" lang={w.other === "English" ? "en" : "zh-CN"} onClick={switchLang}>
        {w.other}
      </button>
    </main>
  );
}
