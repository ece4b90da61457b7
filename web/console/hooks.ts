// How the pages read the desk: each part is drawn anew only when what it picked has changed.
import { Component, createContext, h, type ComponentChild, type FunctionComponent } from "preact";
import { useCallback, useContext, useEffect, useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { api } from "./api";
import type { Desk } from "./desk";
import type { Words } from "./words";
import type { Lang } from "./protocol";

export const DeskContext = createContext<Desk>(null!);
export const SpeechContext = createContext<{ w: Words; lang: Lang; locale: string }>(null!);
export const useSpeech = () => useContext(SpeechContext);

/** The desk, and a new drawing whenever one of the picked values is another than before. */
export function useDesk(...picks: ((desk: Desk) => unknown)[]): Desk {
  const desk = useContext(DeskContext);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const latest = useRef(picks);
  const held = useRef<unknown[]>([]);
  latest.current = picks;
  held.current = picks.map((pick) => pick(desk));
  useLayoutEffect(() => {
    const look = () => {
      if (latest.current.some((pick, i) => !Object.is(pick(desk), held.current[i]))) redraw(0);
    };
    look();
    return desk.listen(look);
  }, [desk]);
  return desk;
}

const ticks = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Draws anew as time passes; all clocks of the page move together. */
export function useTick(everyMs = 1_000): void {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    let last = Math.floor(Date.now() / everyMs);
    const tick = () => {
      const now = Math.floor(Date.now() / everyMs);
      if (now !== last) redraw(0);
      last = now;
    };
    ticks.add(tick);
    timer ??= setInterval(() => ticks.forEach((t) => t()), 1_000);
    return () => {
      ticks.delete(tick);
      if (ticks.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  }, [everyMs]);
}

/** A component that is drawn again only when one of its properties is another. */
export function memo<P extends object>(draw: FunctionComponent<P>) {
  return class extends Component<P> {
    shouldComponentUpdate(next: Readonly<P>) {
      const [a, b] = [this.props as Record<string, unknown>, next as Record<string, unknown>];
      return Object.keys({ ...a, ...b }).some((key) => a[key] !== b[key]);
    }
    render(): ComponentChild {
      return h(draw, this.props as P);
    }
  };
}

export type Fetched<T> = { data: T | null; failed: boolean; loading: boolean; again: () => void };

/** What a path answers; `turn` fetches anew while the old answer stays on screen. */
export function useApi<T>(path: string | null, turn: unknown = 0): Fetched<T> {
  const [state, set] = useState<{ path: string | null; data: T | null; failed: boolean; loading: boolean }>({
    path: null,
    data: null,
    failed: false,
    loading: true,
  });
  const [tries, retry] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    if (!path) return;
    const stop = new AbortController();
    set((old) => (old.path === path ? { ...old, loading: true } : { path, data: null, failed: false, loading: true }));
    api<T>(path, { signal: stop.signal }).then(
      (data) => set({ path, data, failed: false, loading: false }),
      () => stop.signal.aborted || set((old) => ({ ...old, failed: true, loading: false })),
    );
    return () => stop.abort();
  }, [path, turn, tries]);
  const again = useCallback(() => retry(0), []);
  return { data: state.path === path ? state.data : null, failed: state.failed, loading: state.loading, again };
}

/** A value that follows once it has been still for a while. */
export function useCalm<T>(value: T, ms: number): T {
  const [calm, set] = useState(value);
  useEffect(() => {
    const wait = setTimeout(() => set(value), ms);
    return () => clearTimeout(wait);
  }, [value, ms]);
  return calm;
}
