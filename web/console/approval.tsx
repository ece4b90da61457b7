// The bot's question to the shop's people: who may answer says yes or no here, and the bot goes on.
import { useLayoutEffect, useRef } from "preact/hooks";
import { actions, mayDo } from "./actions";
import { useDesk, useSpeech, useTick } from "./hooks";
import { Icon } from "./icons";
import type { Approval, Item, Refusal } from "./protocol";
import { span } from "./time";
import { useUi } from "./ui";
import type { Words } from "./words";

/** As many characters as the server takes. */
const NOTE_CHARS_MAX = 500;
/** From here on the clock is red. */
const HURRY_MS = 60_000;

export function ApprovalCard({ id }: { id: string }) {
  const { w, lang } = useSpeech();
  const desk = useDesk(
    (d) => d.row(id)?.approval,
    (d) => d.self,
  );
  const approval = desk.row(id)?.approval;
  const may = mayDo(desk.row(id), desk.self).decide;
  return (
    <>
      <p class="unseen" role="status">
        {approval && may && w.approval.told(approval.question[lang])}
      </p>
      {approval && <Question key={approval.asked} id={id} approval={approval} may={may} />}
    </>
  );
}

function Question({ id, approval, may }: { id: string; approval: Approval; may: boolean }) {
  const { w, lang } = useSpeech();
  const box = useRef<HTMLElement>(null);
  const title = may ? w.approval.title : w.approval.titleLeads;
  // It may go while somebody writes in it; the focus stays in the conversation.
  useLayoutEffect(
    () => () => {
      if (box.current?.contains(document.activeElement)) document.getElementById("talk")?.focus();
    },
    [],
  );
  return (
    <section class={may ? "approval" : "approval calm"} ref={box} tabIndex={-1} aria-label={title}>
      <div class="approval-head">
        <Icon name="bot" />
        <h2>{title}</h2>
        <TimeLeft until={approval.until} />
      </div>
      <p class="question" dir="auto">
        {approval.question[lang]}
      </p>
      {may ? (
        <Answer id={id} asked={approval.asked} hold={() => box.current?.focus()} />
      ) : (
        <p class="soft">{w.approval.onlyLeads}</p>
      )}
    </section>
  );
}

function Answer({ id, asked, hold }: { id: string; asked: number; hold: () => void }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk(
    (d) => d.answer(id, asked),
    (d) => d.acting,
  );
  const isBusy = desk.acting === "decide";
  const say = (yes: boolean) => {
    // A button that is switched off would drop the focus.
    hold();
    actions(desk, ui).decide(yes);
  };
  return (
    <>
      <label class="field">
        {w.approval.note}
        <textarea
          rows={1}
          maxLength={NOTE_CHARS_MAX}
          value={desk.answer(id, asked)}
          readOnly={isBusy}
          aria-describedby="approval-read"
          onInput={(e) => desk.writeAnswer(id, asked, e.currentTarget.value)}
        />
      </label>
      <p class="soft" id="approval-read">
        {w.approval.noteRead}
      </p>
      <div class="approval-acts" aria-busy={isBusy}>
        {isBusy && (
          <span class="soft" role="status">
            {w.approval.busy}
          </span>
        )}
        <button disabled={isBusy} title="Alt+X" onClick={() => say(false)}>
          {w.approval.no}
        </button>
        <button class="strong" disabled={isBusy} title="Alt+Y" onClick={() => say(true)}>
          {w.approval.yes}
        </button>
      </div>
    </>
  );
}

/** How long the bot still waits. */
export function TimeLeft({ until }: { until: number }) {
  const { w } = useSpeech();
  const desk = useDesk();
  useTick();
  const left = until - desk.now();
  return (
    <time class={left < HURRY_MS ? "clock red" : "clock amber"}>
      <Icon name="waiting" /> {w.approval.left(span(left, w))}
    </time>
  );
}

/** Why a yes or no came to nothing; what ended the question stands among the events. */
export function whyNotDecided(refusal: Refusal, items: Item[], w: Words): string | null {
  if (refusal.act !== "decide") return null;
  if (refusal.code === "not_allowed") return w.approval.onlyLeads;
  if (refusal.code !== "gone") return null;
  if (refusal.by) return w.approval.decidedBy(refusal.by);
  for (const item of [...items].reverse()) {
    if (item.type === "approval_closed") return w.approval[item.cause];
    if (item.type === "approval_given") return w.approval.decidedBy(item.agent);
    if (item.type === "approval_asked") break;
  }
  return w.approval.over;
}
