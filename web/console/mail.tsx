// The transcript by e-mail: where to, and what came of it.
import { useState } from "preact/hooks";
import { ADDRESS } from "../shared/text";
import { Refused, conversation, send } from "./api";
import { Dialog } from "./dialog";
import { useDesk, useSpeech } from "./hooks";
import type { Mailed } from "./protocol";
import type { Words } from "./words";

function wordOf(w: Words, told: Mailed): string {
  return told.state === "refused" ? told.reason || w.mail.refused : w.mail[told.state as "slow" | "unknown"];
}

/** Without an answer nobody knows. */
function faultOf(w: Words, why: unknown): string {
  if (!(why instanceof Refused)) return navigator.onLine ? w.mail.unknown : w.refused.offline!;
  const known: Record<string, string> = { bad_field: w.mail.bad, slow_down: w.mail.slow_down, not_offered: w.mail.not_offered };
  return known[why.code] ?? w.refused[why.code] ?? w.refusedElse(why.message || why.code);
}

export function Mail({ id, close }: { id: string; close: () => void }) {
  const { w, lang } = useSpeech();
  const desk = useDesk();
  const [to, setTo] = useState(() => {
    const contact = desk.row(id)?.contact ?? "";
    return ADDRESS.test(contact) ? contact : "";
  });
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const [sent, setSent] = useState("");
  const go = async (e: Event) => {
    e.preventDefault();
    const clean = to.trim();
    if (isBusy) return;
    if (!ADDRESS.test(clean)) return setFault(w.mail.bad);
    setBusy(true);
    setFault("");
    try {
      const told = await send<Mailed>("POST", `${conversation(id, "transcript/mail")}?lang=${lang}`, { to: clean });
      if (told.state === "sent") setSent(clean);
      else setFault(wordOf(w, told));
    } catch (why) {
      setFault(faultOf(w, why));
    }
    setBusy(false);
  };
  return (
    <Dialog title={w.mailIt} close={close} class="narrow">
      <form class="form" onSubmit={go} noValidate>
        {sent && <p role="status">{w.mail.sent(sent)}</p>}
        {!sent && (
          <label class="field">
            {w.mail.address}
            <input
              type="email"
              autocomplete="off"
              maxLength={254}
              value={to}
              readOnly={isBusy}
              aria-invalid={!!fault}
              aria-describedby="mail-fault mail-hint"
              data-first
              onInput={(e) => setTo(e.currentTarget.value)}
            />
          </label>
        )}
        <p class="error" id="mail-fault" role="alert">
          {fault}
        </p>
        {!sent && (
          <p class="soft" id="mail-hint">
            {w.mail.hint}
          </p>
        )}
        <div class="form-end">
          <button type="button" onClick={close} ref={(el) => void (sent && el?.focus())}>
            {sent ? w.close : w.cancel}
          </button>
          {!sent && (
            <button class="strong" aria-disabled={isBusy}>
              {isBusy ? w.mail.sending : w.send}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
