// The way to the server: a WebSocket. Where that is blocked, `stream.ts` has the same face.
import type { ServerFrame } from "./frames";

export type Frame = { type: string } & Record<string, unknown>;
export type Line = { send(frame: Frame): void; close(): void };
export type Ears = { open(): void; frame(frame: ServerFrame): void; closed(): void };

/** Proxies that swallow the upgrade never refuse it. */
const OPEN_MS_MAX = 8_000;

export function socketLine(server: string, ears: Ears): Line {
  const socket = new WebSocket(`${server.replace(/^http/, "ws")}/v1/chat`);
  const late = setTimeout(() => socket.close(), OPEN_MS_MAX);
  let over = false;
  socket.onopen = () => {
    clearTimeout(late);
    if (!over) ears.open();
  };
  socket.onmessage = (e) => !over && ears.frame(JSON.parse(e.data));
  socket.onclose = () => {
    clearTimeout(late);
    if (!over) ears.closed();
  };
  return {
    send: (frame) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame)),
    close() {
      over = true;
      socket.close();
    },
  };
}
