// Plain text as the protocol means it: paragraphs, `- ` list items and links; never HTML.
import type { ComponentChildren } from "preact";

const LINK = /https?:\/\/[^\s<>"'）」】，。]+/g;

function linked(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let from = 0;
  for (const found of text.matchAll(LINK)) {
    parts.push(text.slice(from, found.index));
    parts.push(
      <a href={found[0]} target="_blank" rel="noopener noreferrer">
        {found[0]}
      </a>,
    );
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

/** Where a sentence ends; kept by `split`. */
const END = /([。！？]|[.!?](?=\s|$))/;

/** What was said of a text, marked: whole sentences, as they stand in both. */
function marked(text: string, said: string | undefined): ComponentChildren[] {
  if (!said) return linked(text);
  const parts = text.split(END);
  const shown: ComponentChildren[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const sentence = parts[at] + (parts[at + 1] ?? "");
    const bare = sentence.trim();
    if (bare.length > 1 && said.includes(bare)) {
      shown.push(sentence.startsWith(" ") ? " " : "", <mark>{linked(bare)}</mark>);
    } else {
      shown.push(...linked(sentence));
    }
  }
  return shown;
}

export function Text({ text, said }: { text: string; said?: string }) {
  const blocks: ComponentChildren[] = [];
  let items: string[] = [];
  const flush = () => {
    if (items.length) blocks.push(<ul>{items.map((item) => <li>{marked(item, said)}</li>)}</ul>);
    items = [];
  };
  for (const line of text.split("\n")) {
    if (line.startsWith("- ")) {
      items.push(line.slice(2));
    } else {
      flush();
      if (line.trim()) blocks.push(<p>{marked(line, said)}</p>);
    }
  }
  flush();
  return <>{blocks}</>;
}

/** Enter sends, Shift+Enter breaks the line, and Enter while choosing Chinese characters does neither. */
export function sendsOnEnter(e: KeyboardEvent): boolean {
  return e.key === "Enter" && !e.shiftKey && !e.isComposing && e.keyCode !== 229;
}

/** An address for e-mail; the server judges, this only catches slips. */
export const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@.]+$/;

export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

export function clock(at: number, locale: string): string {
  return new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
}
