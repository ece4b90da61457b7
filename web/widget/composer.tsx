// Where the customer writes, dictates, and adds pictures.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Words } from "../shared/i18n";
import { sendsOnEnter } from "../shared/text";
import { Icon } from "./icons";
import type { State } from "./state";
import type { Dictation } from "./voice";

export type Draft = { text: string; version: number };
type Props = {
  words: Words;
  locale: string;
  state: State;
  draft: Draft;
  keep: (text: string) => void;
  say: (text: string, photos?: string[]) => void;
  typing: (on: boolean) => void;
  dictate?: (locale: string, heard: (text: string, final: boolean) => void) => Promise<Dictation | null>;
  upload?: (file: File) => Promise<string>;
  more: ComponentChildren;
};

const IDLE_MS = 8_000;

/** Tells the other side that something is being written, and that it has stopped. */
function useTyping(tell: (on: boolean) => void) {
  const on = useRef(false);
  const timer = useRef(0);
  const set = (now: boolean) => {
    clearTimeout(timer.current);
    if (now) timer.current = window.setTimeout(() => set(false), IDLE_MS);
    if (on.current !== now) tell((on.current = now));
  };
  useEffect(() => () => set(false), []);
  return set;
}

function Mic({ words, locale, dictate, heard }: { words: Words; locale: string; dictate: NonNullable<Props["dictate"]>; heard: (text: string, final: boolean) => void }) {
  const [session, setSession] = useState<Dictation | null>(null);
  const toggle = async () => {
    if (session) return session.stop();
    const begun = await dictate(locale, heard);
    setSession(begun);
    begun?.ended.then(() => setSession(null));
  };
  useEffect(() => () => session?.stop(), [session]);
  return (
    <button type="button" class={session ? "tool listening" : "tool"} aria-pressed={!!session} aria-label={session ? words.dictating : words.dictate} onClick={() => void toggle()}>
      <Icon name="mic" />
    </button>
  );
}

function Attach({ words, types, max, upload, done, fail }: { words: Words; types: string[]; max: number; upload: (f: File) => Promise<string>; done: (ids: string[]) => void; fail: (why: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const take = async () => {
    const files = [...(input.current?.files ?? [])].slice(0, 4);
    if (files.some((f) => !types.includes(f.type) || f.size > max)) return fail(words.attachBad);
    setBusy(true);
    try {
      done(await Promise.all(files.map(upload)));
    } catch {
      fail(words.attachFailed);
    }
    setBusy(false);
    if (input.current) input.current.value = "";
  };
  return (
    <>
      <input ref={input} type="file" accept={types.join(",")} multiple hidden aria-label={words.attach} onChange={() => void take()} />
      <button type="button" class="tool" disabled={busy} aria-label={words.attach} onClick={() => input.current?.click()}>
        <Icon name="picture" />
      </button>
    </>
  );
}

export function Composer({ words, locale, state, draft, keep, say, typing, dictate, upload, more }: Props) {
  const [text, setText] = useState(draft.text);
  const [trouble, setTrouble] = useState("");
  const box = useRef<HTMLTextAreaElement>(null);
  const spoken = useRef("");
  const writing = useTyping(typing);
  useLayoutEffect(() => box.current?.focus({ preventScroll: true }), [draft.version]);
  useEffect(() => setText(draft.text), [draft.version]);
  useLayoutEffect(() => {
    const el = box.current;
    if (!el) return;
    // Rows, not pixels: no style attribute has to be written.
    el.rows = 1;
    while (el.rows < 5 && el.scrollHeight > el.clientHeight + 2) el.rows += 1;
  }, [text]);
  const write = (now: string) => {
    writing(now.trim() !== "");
    setText(now);
    keep(now);
    setTrouble("");
  };
  const left = state.textMax - [...text].length;
  const ready = text.trim() !== "" && left >= 0;
  const send = () => {
    if (!ready) return;
    say(text.trim());
    write("");
    box.current?.focus({ preventScroll: true });
  };
  const heard = (words: string, final: boolean) => {
    const whole = spoken.current + words;
    if (final) spoken.current = whole;
    write(whole);
  };
  return (
    <form
      class="composer"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      {(trouble || left < 200) && (
        <p class={trouble || left < 0 ? "left over" : "left"} role={trouble ? "alert" : undefined}>
          {trouble || words.charsLeft(left)}
        </p>
      )}
      <div class="row">
        {more}
        {upload && state.files && (
          <Attach words={words} types={state.files.types} max={state.files.bytes_max} upload={upload} done={(ids) => say(words.photos(ids.length), ids)} fail={setTrouble} />
        )}
        <textarea
          ref={box}
          rows={1}
          value={text}
          placeholder={words.placeholder}
          aria-label={words.placeholder}
          dir="auto"
          enterkeyhint="send"
          onInput={(e) => write(e.currentTarget.value)}
          onKeyDown={(e) => {
            if (!sendsOnEnter(e)) return;
            e.preventDefault();
            send();
          }}
        />
        {dictate && (
          <Mic
            words={words}
            locale={locale}
            dictate={(...how) => {
              spoken.current = text && `${text} `;
              return dictate(...how);
            }}
            heard={heard}
          />
        )}
        <button type="submit" class="send" disabled={!ready} aria-label={words.send}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
