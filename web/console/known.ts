// What the server gathered about the watched conversation; the panel, the composer and the keys read it.
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { address, conversation } from "./api";
import { useApi, useCalm, useDesk, type Fetched, useSpeech } from "./hooks";
import type { Item, Packet, Suggestion } from "./protocol";
import { needsPeople } from "./rows";

export type Known = { packet: Fetched<Packet>; suggestions: Fetched<{ suggestions: Suggestion[] }> };
export const KnownContext = createContext<Known>(null!);
export const useKnown = () => useContext(KnownContext);

const TELLING = new Set<Item["type"]>([
  "customer_said",
  "slot_set",
  "identified",
  "handoff_requested",
  "bot_said",
  "rated",
]);
const PAUSE_MS = 250;

function lastOf(items: Item[], tells: (type: Item["type"]) => boolean): number {
  for (let i = items.length - 1; i >= 0; i--) if (tells(items[i]!.type)) return items[i]!.seq;
  return 0;
}

/** Asked anew after each event that can change the answer, not after each frame. */
export function useGathered(): Known {
  const desk = useDesk(
    (d) => d.watched,
    (d) => d.items,
    (d) => d.row(d.watched)?.status,
    (d) => d.row(d.watched)?.approval?.asked,
  );
  const { lang } = useSpeech();
  const id = desk.watched;
  const status = desk.row(id)?.status;
  const turn = useCalm(`${id} ${lastOf(desk.items, (t) => TELLING.has(t))} ${status}`, PAUSE_MS);
  const asked = useCalm(`${id} ${lastOf(desk.items, (t) => t === "customer_said")} ${status}`, PAUSE_MS);
  const isReady = id !== null && desk.items.length > 0 && turn.startsWith(`${id} `) && asked.startsWith(`${id} `);
  const isPeoples = needsPeople(desk.row(id));
  return {
    packet: useApi<Packet>(isReady ? address(conversation(id, "packet"), { lang }) : null, turn),
    suggestions: useApi<{ suggestions: Suggestion[] }>(
      isReady && isPeoples ? address(conversation(id, "suggestions"), { lang }) : null,
      asked,
    ),
  };
}
