// Search over all conversations, as a dialog; a hit opens the conversation at its place.
import { useEffect, useRef, useState } from "preact/hooks";
import { address, api } from "./api";
import { Dialog } from "./dialog";
import { useCalm, useDesk, useSpeech } from "./hooks";
import { Icon } from "./icons";
import type { Hit } from "./protocol";
import { moment } from "./time";
import { useUi } from "./ui";

type Found = { total: number; hits: Hit[] };
type Wanted = { q: string; status: string; agent: string; label: string };
const CHARS_MIN = 2;
/** Chinese says with one character what takes English three. */
const isEnough = (q: string) => q.trim().length >= CHARS_MIN;
const STATUSES = ["with_bot", "waiting", "with_agent", "resolved"] as const;

function useSearch(wanted: Wanted) {
  const [page, setPage] = useState(1);
  const [found, setFound] = useState<Found | null>(null);
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  const key = JSON.stringify(wanted);
  useEffect(() => setPage(1), [key]);
  useEffect(() => {
    if (!isEnough(wanted.q)) {
      setFound(null);
      return setState("idle");
    }
    const stop = new AbortController();
    setState("busy");
    api<Found>(address("search", { ...wanted, q: wanted.q.trim(), page: String(page) }), { signal: stop.signal }).then(
      (more) => {
        setFound((old) => (page > 1 && old ? { total: more.total, hits: [...old.hits, ...more.hits] } : more));
        setState("idle");
      },
      () => stop.signal.aborted || setState("failed"),
    );
    return () => stop.abort();
  }, [key, page]);
  return { found, state, more: () => setPage(page + 1) };
}

export function Search({ close }: { close: () => void }) {
  const { w, lang } = useSpeech();
  const ui = useUi();
  const desk = useDesk(
    (d) => d.self,
    (d) => d.agents,
  );
  const [wanted, want] = useState<Wanted>({ q: "", status: "", agent: "", label: "" });
  const { found, state, more } = useSearch(useCalm(wanted, 250));
  const hits = useRef<HTMLUListElement>(null);
  const open = (hit: Hit) => {
    close();
    ui.go("inbox");
    desk.watch(hit.id, hit.seq);
  };
  const keys = (e: KeyboardEvent) => {
    if (e.key !== "ArrowDown" && e.key !== "ArrowUp") return;
    const all = [...(hits.current?.querySelectorAll("button") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    if (at < 0 && (e.target as HTMLElement).tagName === "SELECT") return;
    e.preventDefault();
    all[Math.max(0, Math.min(all.length - 1, at + (e.key === "ArrowDown" ? 1 : -1)))]?.focus();
  };
  const pick = (name: keyof Wanted, label: string, options: [string, string][]) => (
    <label class="field">
      {label}
      <select value={wanted[name]} onChange={(e) => want({ ...wanted, [name]: e.currentTarget.value })}>
        <option value="">{w.any}</option>
        {options.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Dialog title={w.searchTitle} close={close} class="wide search">
      <div onKeyDown={keys}>
        <div class="search-field">
          <Icon name="search" />
          <input
            type="search"
            data-first
            value={wanted.q}
            aria-label={w.searchTitle}
            placeholder={w.searchHint}
            onInput={(e) => want({ ...wanted, q: e.currentTarget.value })}
          />
        </div>
        <div class="filters">
          {pick(
            "status",
            w.status,
            STATUSES.map((s) => [s, w.statuses[s]!]),
          )}
          {pick(
            "agent",
            w.agent,
            desk.agents.map((a) => [a.account, a.name]),
          )}
          {pick(
            "label",
            w.labels,
            (desk.self?.labels ?? []).map((l) => [l.id, l.name[lang]]),
          )}
        </div>
        <p class="soft" role="status">
          {state === "busy"
            ? w.loading
            : state === "failed"
              ? w.failed
              : !found
                ? w.typeToSearch
                : found.total
                  ? w.found(found.total)
                  : w.noneFound}
        </p>
        <ul class="hits" ref={hits}>
          {found?.hits.map((hit) => (
            <li key={`${hit.id} ${hit.seq}`}>
              <HitButton hit={hit} open={() => open(hit)} />
            </li>
          ))}
        </ul>
        {found && found.hits.length < found.total && found.hits.length > 0 && <button onClick={more}>{w.more}</button>}
      </div>
    </Dialog>
  );
}

function HitButton({ hit, open }: { hit: Hit; open: () => void }) {
  const { w, locale } = useSpeech();
  const desk = useDesk((d) => d.agents);
  const agent = hit.agent && (desk.agents.find((a) => a.account === hit.agent)?.name ?? hit.agent);
  return (
    <button class="hit" onClick={open}>
      <span class="excerpt">{hit.excerpt.map((part) => (part.hit ? <mark>{part.text}</mark> : part.text))}</span>
      <span class="soft">
        {[w.statuses[hit.status], agent, moment(hit.at, desk.now(), locale)].filter(Boolean).join(" · ")}
      </span>
    </button>
  );
}
