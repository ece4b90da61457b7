// Calls beside the frames: pictures up, the transcript down or by e-mail.
import type { Words } from "../shared/i18n";
import type { Item, Mailed } from "./frames";

type Credentials = { conversation: string; token: string } | null;

/** `POST /v1/files` takes the bytes and answers `{id}`, which `say` then names in `photos`. */
export async function upload(server: string, who: Credentials, file: File): Promise<string> {
  if (!who) throw new Error("no conversation");
  const answer = await fetch(`${server}/v1/files?conversation=${encodeURIComponent(who.conversation)}`, {
    method: "POST",
    headers: { authorization: `Bearer ${who.token}`, "content-type": file.type },
    body: file,
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { id } = (await answer.json()) as { id: string };
  return id;
}

function written(items: readonly Item[], words: Words, locale: string): string {
  const said = (text: string, files: string[] | undefined) => [text, files?.length ? `[${words.files(files.length)}]` : ""].filter(Boolean).join(" ");
  const line = (item: Item): string | null => {
    const at = new Date(item.at).toLocaleString(locale);
    if (item.type === "customer_said") return `${at}  ${words.you}: ${said(item.text, item.photos)}`;
    if (item.type === "bot_said") return `${at}  ${words.botName}: ${item.text}`;
    return item.type === "agent_said" ? `${at}  ${item.agent}: ${said(item.text, item.files)}` : null;
  };
  return `${items.map(line).filter(Boolean).join("\n")}\n`;
}

async function fetched(server: string, who: Credentials): Promise<string | null> {
  if (!who) return null;
  try {
    const answer = await fetch(`${server}/v1/transcript?conversation=${encodeURIComponent(who.conversation)}`, {
      headers: { authorization: `Bearer ${who.token}` },
    });
    const plain = answer.ok && answer.headers.get("content-type")?.startsWith("text/plain");
    return plain ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** The server's own record; what this page holds where that cannot be had. */
export async function transcript(server: string, who: Credentials, items: readonly Item[], words: Words, locale: string) {
  const text = (await fetched(server, who)) ?? written(items, words, locale);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = `${words.transcriptFile}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The shop sends it; what came of that is told as it is. Without an answer nobody knows. */
export async function mail(server: string, who: Credentials, to: string, locale: string): Promise<Mailed> {
  if (!who || !navigator.onLine) return { state: "offline" };
  try {
    const answer = await fetch(`${server}/v1/transcript/mail?conversation=${encodeURIComponent(who.conversation)}&lang=${encodeURIComponent(locale)}`, {
      method: "POST",
      headers: { authorization: `Bearer ${who.token}`, "content-type": "application/json" },
      body: JSON.stringify({ to }),
    });
    const told = await answer.json();
    if (answer.ok) return told as Mailed;
    const minutes = Math.ceil((told.retry_after_ms ?? 0) / 60_000);
    return told.code === "slow_down" || told.code === "bad_field" ? { state: told.code, minutes } : { state: "slow" };
  } catch {
    return { state: "unknown" };
  }
}
