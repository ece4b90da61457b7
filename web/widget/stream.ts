// Where a WebSocket is blocked: frames go by POST, and the answers come as server-sent events. Read with fetch,
// because EventSource cannot carry the token anywhere but in the address.
import type { ServerFrame, Welcome } from "./frames";
import type { Ears, Frame, Line } from "./line";

/** Lines of an event stream as frames. `rest` is a line that has not ended yet. */
function framesOf(text: string): { frames: ServerFrame[]; rest: string } {
  const blocks = text.replace(/\r\n?/g, "\n").split("\n\n");
  const rest = blocks.pop() ?? "";
  const data = blocks.map((block) =>
    block
      .split("\n")
      .filter((line) => line.startsWith("data:"))
      .map((line) => line.slice(5).trim())
      .join("\n"),
  );
  return { frames: data.filter(Boolean).map((one) => JSON.parse(one) as ServerFrame), rest };
}

export function streamLine(server: string, ears: Ears): Line {
  const stop = new AbortController();
  let proof: Pick<Welcome, "conversation" | "token"> | null = null;
  // One POST at a time: what is written first arrives first.
  let turn: Promise<void> = Promise.resolve();
  const fail = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    ears.closed();
  };
  const headers = (): Record<string, string> => (proof ? { authorization: `Bearer ${proof.token}` } : {});
  const query = () => (proof ? `?conversation=${encodeURIComponent(proof.conversation)}` : "");

  async function listen(after: number) {
    const answer = await fetch(`${server}/v1/events${query()}&after=${after}`, { headers: headers(), signal: stop.signal, cache: "no-store" });
    const reader = answer.ok ? answer.body?.pipeThrough(new TextDecoderStream()).getReader() : undefined;
    for (let text = ""; reader; ) {
      const { done, value } = await reader.read();
      if (done) break;
      const { frames, rest } = framesOf(text + value);
      text = rest;
      frames.forEach((frame) => !stop.signal.aborted && ears.frame(frame));
    }
    fail();
  }

  async function post(frame: Frame) {
    const answer = await fetch(`${server}/v1/frames${query()}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers() },
      body: JSON.stringify(frame),
      signal: stop.signal,
    });
    const text = await answer.text();
    if (!text.startsWith("{")) return answer.ok ? undefined : fail();
    const told = JSON.parse(text) as ServerFrame;
    if (told.type === "welcome") proof = told;
    else if (told.type !== "ack" && told.type !== "error" && !answer.ok) return fail();
    ears.frame(told);
    if (told.type === "welcome") listen(told.resumed ? Number(frame.after ?? 0) : 0).catch(fail);
    else if (frame.type === "hello") fail();
  }

  queueMicrotask(ears.open);
  return {
    send(frame) {
      turn = turn.then(() => post(frame)).catch(fail);
    },
    close: () => stop.abort(),
  };
}
