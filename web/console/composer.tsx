// Where an agent writes: a reply to the customer or a private note, with canned replies and mentions.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { sendsOnEnter } from "../shared/text";
import { actions, mayDo } from "./actions";
import { Attached, Chooser, Clip, NotAttached, pasted } from "./attach";
import type { Mode } from "./desk";
import { useDesk, useSpeech } from "./hooks";
import { Icon } from "./icons";
import { useKnown } from "./known";
import { blanksIn, cannedAt, fillsOf, mentionAt, mentioned, type Completion, type Offer } from "./phrases";
import { useUi } from "./ui";

const HEIGHT_PX_MAX = 200;
const PHRASES_ID = "phrases";

export function Composer({ id }: { id: string }) {
  const desk = useDesk(
    (d) => d.row(id),
    (d) => d.self,
    (d) => d.mode,
  );
  const may = mayDo(desk.row(id), desk.self);
  const mode: Mode = may.isMine ? desk.mode : "note";
  return (
    <div class={`composer to-${desk.mode}`}>
      <Modes mode={mode} mayReply={may.isMine} />
      {may.isMine && <Chooser id={id} />}
      <NotAttached id={id} />
      {may.isMine || desk.mode === "note" ? <Field key={mode} id={id} mode={mode} /> : <TakeFirst />}
    </div>
  );
}

function Modes({ mode, mayReply }: { mode: Mode; mayReply: boolean }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.mode);
  const shown = mayReply ? mode : desk.mode;
  return (
    <div class="modes" role="group" aria-label={w.send}>
      {(["reply", "note"] as const).map((m) => (
        <button
          key={m}
          aria-pressed={m === shown}
          title={m === "reply" ? "Alt+L" : "Alt+P"}
          onClick={() => actions(desk, ui).mode(m)}
        >
          {m === "note" && <Icon name="lock" />}
          {w.modes[m]}
        </button>
      ))}
    </div>
  );
}

function TakeFirst() {
  const { w } = useSpeech();
  return <p class="foot">{w.takeFirst}</p>;
}

function Field({ id, mode }: { id: string; mode: Mode }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk(
    (d) => d.text(id, mode),
    (d) => d.self,
    (d) => d.tray.of(id),
  );
  const text = desk.text(id, mode);
  const field = useRef<HTMLTextAreaElement>(null);
  const [warned, warn] = useState("");
  const list = useCompletion(id, mode, field);
  useLayoutEffect(() => {
    ui.field.current = field.current;
    if (ui.wantsField.current) field.current?.focus();
    ui.wantsField.current = false;
    return () => {
      if (ui.field.current === field.current) ui.field.current = null;
    };
  }, []);
  useLayoutEffect(() => grow(field.current!), [text]);
  const files = mode === "reply" ? desk.tray.of(id).length : 0;
  const isReady = (text.trim() !== "" || files > 0) && !(files > 0 && desk.tray.isBusy(id));
  const blanks = mode === "reply" ? blanksIn(text) : [];
  const send = () => {
    const said = text.trim();
    if (!isReady) return;
    if (blanks.length && warned !== text) {
      warn(text);
      mark(field.current!, blanks[0]!);
      return;
    }
    desk.send(id, mode, said, mode === "note" ? mentioned(said, desk.agents) : []);
    list.close();
    field.current?.focus();
  };
  const keys = (e: KeyboardEvent) => {
    if (list.key(e)) return;
    if (!sendsOnEnter(e) || e.altKey) return;
    e.preventDefault();
    send();
  };
  const hint = mode === "note" ? w.noteHint : w.replyHint;
  return (
    <>
      {list.open && <Phrases list={list.open} at={list.at} pick={list.pick} />}
      {blanks.length > 0 && (
        <p class={warned === text ? "blanks loud" : "blanks"} role="status">
          <Icon name="warn" /> {w.unknownFill(blanks.join(" "))}
        </p>
      )}
      {mode === "reply" && <Attached id={id} />}
      <div class="reply">
        {mode === "reply" && <Clip />}
        <textarea
          ref={field}
          rows={2}
          value={text}
          placeholder={hint}
          aria-label={w.modes[mode]}
          aria-autocomplete="list"
          aria-controls={list.open ? PHRASES_ID : undefined}
          aria-activedescendant={list.open?.offers.length ? `${PHRASES_ID}-${list.at}` : undefined}
          onInput={(e) => {
            desk.write(id, mode, e.currentTarget.value);
            list.look();
          }}
          onClick={list.look}
          onBlur={list.close}
          onKeyDown={keys}
          onPaste={(e) => mode === "reply" && pasted(e, desk, id) && e.preventDefault()}
        />
        <button class="send" disabled={!isReady} onClick={send} aria-label={w.send} title={`${w.send} (Enter)`}>
          <Icon name="send" />
        </button>
      </div>
    </>
  );
}

function grow(el: HTMLTextAreaElement) {
  el.style.height = "auto";
  el.style.height = `${Math.min(HEIGHT_PX_MAX, el.scrollHeight + 2)}px`;
}

function mark(el: HTMLTextAreaElement, blank: string) {
  const at = el.value.indexOf(blank);
  el.focus();
  el.setSelectionRange(at, at + blank.length);
}

/** The list that opens on `/` and `@`: what it offers, which one is reached, and the keys it takes. */
function useCompletion(id: string, mode: Mode, field: { current: HTMLTextAreaElement | null }) {
  const desk = useDesk(
    (d) => d.self,
    (d) => d.agents,
  );
  const { packet } = useKnown();
  const [open, setOpen] = useState<Completion | null>(null);
  const [at, setAt] = useState(0);
  const caret = useRef<number | null>(null);
  const close = () => setOpen(null);
  const look = () => {
    const el = field.current;
    const self = desk.self;
    if (!el || !self) return;
    const lang = desk.langOf(id);
    const [text, end] = [el.value, el.selectionStart];
    const found =
      mode === "note"
        ? mentionAt(text, end, desk.agents, desk.account)
        : cannedAt(text, end, self.canned, lang, fillsOf(packet.data, self.name, self.shop[lang]));
    setOpen(found);
    setAt(0);
  };
  const pick = (offer: Offer) => {
    const el = field.current!;
    if (!open) return;
    const before = el.value.slice(0, open.from) + offer.text;
    caret.current = before.length;
    desk.write(id, mode, before + el.value.slice(el.selectionStart));
    close();
  };
  useEffect(() => {
    if (caret.current === null) return;
    field.current?.focus();
    field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });
  const key = (e: KeyboardEvent): boolean => {
    if (!open || e.isComposing || e.keyCode === 229 || e.altKey || e.ctrlKey) return false;
    const n = open.offers.length;
    if (e.key === "Escape") close();
    else if (n === 0) return false;
    else if (e.key === "ArrowDown") setAt((at + 1) % n);
    else if (e.key === "ArrowUp") setAt((at + n - 1) % n);
    else if ((e.key === "Enter" && !e.shiftKey) || e.key === "Tab") pick(open.offers[at]!);
    else return false;
    e.preventDefault();
    e.stopPropagation();
    return true;
  };
  return { open, at, look, close, pick, key };
}

function Phrases({ list, at, pick }: { list: Completion; at: number; pick: (offer: Offer) => void }) {
  const { w } = useSpeech();
  const box = useRef<HTMLUListElement>(null);
  useLayoutEffect(
    () => box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }),
    [at],
  );
  if (list.offers.length === 0) {
    return (
      <p class="phrases none" role="status">
        {w.noneFound}
      </p>
    );
  }
  return (
    <ul
      class="phrases"
      role="listbox"
      id={PHRASES_ID}
      aria-label={list.kind === "canned" ? w.canned : w.colleagues}
      ref={box}
      tabIndex={0}
    >
      {list.offers.map((offer, i) => (
        <li
          key={offer.key}
          role="option"
          id={`${PHRASES_ID}-${i}`}
          aria-selected={i === at}
          // The field keeps the focus, so that the caret stays where it is.
          onPointerDown={(e) => {
            e.preventDefault();
            pick(offer);
          }}
        >
          <b>{list.kind === "canned" ? `/${offer.key}` : offer.text.trim()}</b>
          <span>{list.kind === "canned" ? <Blanked text={offer.text} /> : offer.hint}</span>
        </li>
      ))}
    </ul>
  );
}

/** Blanks that nothing fills stand out before they are picked. */
export function Blanked({ text }: { text: string }) {
  const blanks = blanksIn(text);
  if (blanks.length === 0) return <>{text}</>;
  return (
    <>{text.split(/(\{[a-z_]+\.[a-z_]+\})/).map((part) => (blanks.includes(part) ? <mark>{part}</mark> : part))}</>
  );
}
