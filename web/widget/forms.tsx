// What the customer fills in: a rating, how to be reached, and forms the bot asks for. Loaded when one is due.
import { useState } from "preact/hooks";
import type { Words } from "../shared/i18n";
import type { Field, Form, Rating, Reason } from "./frames";
import css from "./forms.css";
import { Icon } from "./icons";

export { use } from "./kit";
export { MailForm } from "./mail";
export { css };

const STARS = [1, 2, 3, 4, 5];

function Stars({ value, words, pick }: { value: number; words: Words; pick: (n: number) => void }) {
  return (
    <fieldset class="stars">
      <legend>{words.rateTitle}</legend>
      <div>
        {STARS.map((n) => (
          <label class={n <= value ? "on" : ""} title={words.stars[n - 1]}>
            <input type="radio" name="stars" value={n} checked={n === value} aria-label={`${words.star(n)}, ${words.stars[n - 1]}`} onChange={() => pick(n)} />
            <Icon name="star" size={30} />
          </label>
        ))}
      </div>
      {value > 0 && <p aria-hidden="true">{words.stars[value - 1]}</p>}
    </fieldset>
  );
}

export function RatingForm({ reasons, zh, words, sent, rate }: { reasons: Reason[]; zh: boolean; words: Words; sent: Rating | null; rate: (r: Rating) => void }) {
  const [stars, setStars] = useState(0);
  const [reason, setReason] = useState("");
  const [comment, setComment] = useState("");
  if (sent) return <p class="note">{words.rateThanks}</p>;
  const send = (e: Event) => {
    e.preventDefault();
    rate({ stars, ...(reason && { reason }), ...(comment.trim() && { comment: comment.trim() }) });
  };
  return (
    <form class="sheet rating" onSubmit={send}>
      <Stars value={stars} words={words} pick={setStars} />
      {stars > 0 && (
        <>
          {reasons.length > 0 && (
            <fieldset class="chips">
              <legend>{words.rateWhy}</legend>
              {reasons.map((r) => (
                <label class={r.id === reason ? "on" : ""}>
                  <input type="radio" name="reason" checked={r.id === reason} onChange={() => setReason(r.id)} />
                  {zh ? r.name.zh : r.name.en}
                </label>
              ))}
            </fieldset>
          )}
          <label class="field">
            <span>{words.rateComment}</span>
            <textarea rows={2} maxLength={500} value={comment} onInput={(e) => setComment(e.currentTarget.value)} />
          </label>
          <button type="submit" class="main">
            {words.rateSend}
          </button>
        </>
      )}
    </form>
  );
}

/** A phone number or an address for mail; the server judges, this only catches slips. */
const REACHABLE = /^(\+?[\d\s()-]{6,20}|[^\s@]+@[^\s@]+\.[^\s@]+)$/;

export function ContactForm({ words, sent, leave }: { words: Words; sent: string | null; leave: (contact: string) => void }) {
  const [contact, setContact] = useState("");
  const [wrong, setWrong] = useState(false);
  if (sent) return <p class="note">{words.contactKept(sent)}</p>;
  const send = (e: Event) => {
    e.preventDefault();
    const clean = contact.trim();
    setWrong(!REACHABLE.test(clean));
    if (REACHABLE.test(clean)) leave(clean);
  };
  return (
    <form class="sheet contact" onSubmit={send} noValidate>
      <label class="field">
        <span>{words.leaveContact}</span>
        <input
          type="text"
          autocomplete="email"
          maxLength={120}
          placeholder={words.contactHint}
          value={contact}
          aria-invalid={wrong}
          aria-describedby={wrong ? "contact-wrong" : undefined}
          onInput={(e) => setContact(e.currentTarget.value)}
        />
      </label>
      {wrong && (
        <p class="wrong" id="contact-wrong" role="alert">
          {words.contactBad}
        </p>
      )}
      <button type="submit" class="main">
        {words.contactSend}
      </button>
    </form>
  );
}

const AUTOFILL: Partial<Record<Field["kind"], string>> = { tel: "tel", email: "email" };

function Input({ field, value, wrong, change, words }: { field: Field; value: string; wrong: boolean; change: (v: string) => void; words: Words }) {
  const common = { value, required: field.required, "aria-invalid": wrong, onInput: (e: { currentTarget: { value: string } }) => change(e.currentTarget.value) };
  if (field.kind === "area") return <textarea rows={3} maxLength={500} {...common} />;
  if (field.kind === "select") {
    return (
      <select {...common}>
        <option value="">{words.choose}</option>
        {field.options?.map((o) => <option value={o.value}>{o.label}</option>)}
      </select>
    );
  }
  const type = field.kind === "tel" || field.kind === "email" ? field.kind : "text";
  return <input type={type} maxLength={200} autocomplete={AUTOFILL[field.kind]} {...common} />;
}

/** Sends what was filled in twice: as words for people, and as values for the bot. */
export function AskedForm({ form, words, submit }: { form: Form; words: Words; submit: (text: string, values: Record<string, string>) => void }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [tried, setTried] = useState(false);
  const missing = (f: Field) => !!f.required && !values[f.name]?.trim();
  const shown = (f: Field) => f.options?.find((o) => o.value === values[f.name])?.label ?? values[f.name]?.trim();
  const send = (e: Event) => {
    e.preventDefault();
    setTried(true);
    if (form.fields.some(missing)) return;
    const filled = form.fields.filter((f) => values[f.name]?.trim());
    submit(filled.map((f) => `${f.label}: ${shown(f)}`).join("\n"), values);
  };
  return (
    <form class="sheet asked" onSubmit={send} noValidate>
      {form.title && <p class="sheet-title">{form.title}</p>}
      {form.fields.map((f) => (
        <label class="field">
          <span>
            {f.label}
            {f.required && <b aria-hidden="true"> *</b>}
          </span>
          <Input field={f} value={values[f.name] ?? ""} wrong={tried && missing(f)} change={(v) => setValues({ ...values, [f.name]: v })} words={words} />
          {tried && missing(f) && (
            <span class="wrong" role="alert">
              {words.required}
            </span>
          )}
        </label>
      ))}
      <button type="submit" class="main">
        {form.submit ?? words.submit}
      </button>
    </form>
  );
}
