// The console's HTTP side: JSON in, JSON out, and word to the page when the login is gone.

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

let loggedOut = () => {};
export const whenLoggedOut = (then: () => void) => void (loggedOut = then);

const ROOT = "/console/api/";

export async function api<T>(path: string, options: RequestInit = {}): Promise<T> {
  const answer = await fetch(ROOT + path, options);
  const body = await answer.json().catch(() => null);
  if (answer.ok) return body as T;
  if (answer.status === 401 && path !== "login" && path !== "me") loggedOut();
  throw new Refused(answer.status, body?.code ?? "", body?.message ?? "");
}

export function send<T>(method: "POST" | "PUT", path: string, body: object): Promise<T> {
  return api<T>(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

/** The bytes of one file, up into a conversation. */
export function upload(conversation: string, file: File): Promise<{ id: string }> {
  const headers = { "content-type": file.type || "application/octet-stream" };
  return api(`files/${encodeURIComponent(conversation)}`, { method: "POST", headers, body: file });
}

export function address(path: string, query: Record<string, string | undefined>): string {
  const asked = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) asked.set(key, value);
  return `${path}?${asked}`;
}

export const link = (path: string) => ROOT + path;
export const fileLink = (conversation: string, id: string) =>
  link(`files/${encodeURIComponent(conversation)}/${encodeURIComponent(id)}`);
export const conversation = (id: string, what: string) => `conversations/${encodeURIComponent(id)}/${what}`;
