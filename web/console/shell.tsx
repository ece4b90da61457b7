// The console of somebody who is logged in: holds the desk, and lays out the parts.
import { lazyOf } from "./lazy";
import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { Desk } from "./desk";
import { OpenDialog } from "./dialogs";
import { DeskContext, useDesk, useSpeech, useTick } from "./hooks";
import { Icon } from "./icons";
import { onKey } from "./keys";
import { KnownContext, useGathered } from "./known";
import { List } from "./list";
import { remember, remembered } from "./memory";
import { Bell } from "./notify";
import { Panel } from "./panel";
import type { Me } from "./protocol";
import { needing, VIEWS, type View } from "./rows";
import { Side } from "./side";
import { sendable } from "./suggested";
import { Talk } from "./talk";
import { UiContext, type Dialog, type Page, type PanelTab, type Ui } from "./ui";

const Office = lazyOf(() => import("./office").then((m) => m.Office));

type Props = { me: Me; switchLang: () => void; leave: () => void; ended: () => void };

export function Shell({ me, switchLang, leave, ended }: Props) {
  const desk = useMemo(() => {
    const fresh = new Desk(me.account, ended);
    fresh.watch(inAddress());
    return fresh;
  }, [me.account]);
  useEffect(() => () => desk.close(), [desk]);
  const out = () => {
    desk.outbox.forget();
    leave();
  };
  return (
    <DeskContext.Provider value={desk}>
      <Rooms settings={{ switchLang, leave: out }} />
    </DeskContext.Provider>
  );
}

const AT = "#c=";
/** The open conversation stands in the address, so that a reload comes back to it. */
const inAddress = () => (location.hash.startsWith(AT) ? decodeURIComponent(location.hash.slice(AT.length)) : null);

function useAddress(watched: string | null) {
  useEffect(() => {
    const hash = watched ? AT + encodeURIComponent(watched) : "";
    history.replaceState(null, "", location.pathname + location.search + hash);
  }, [watched]);
}

function useOwnUi(): Ui {
  const [view, setView] = useState<View>(() => VIEWS.find((v) => v === remembered("view")) ?? "waiting");
  const [page, go] = useState<Page>("inbox");
  const [dialog, ask] = useState<Dialog | null>(null);
  const [tab, setTab] = useState<PanelTab>("customer");
  const [isPanelOpen, openPanel] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const order = useRef<string[]>([]);
  const wantsField = useRef(false);
  useEffect(() => remember("view", view), [view]);
  return { view, setView, page, go, dialog, ask, tab, setTab, isPanelOpen, openPanel, field, chooser, wantsField, order };
}

function Rooms({ settings }: { settings: { switchLang: () => void; leave: () => void } }) {
  const { w } = useSpeech();
  const ui = useOwnUi();
  const known = useGathered();
  const desk = useDesk(
    (d) => d.watched,
    (d) => d.link,
    (d) => d.self,
  );
  const latest = useRef({ ui, known, w });
  latest.current = { ui, known, w };
  useEffect(() => {
    const keys = (e: KeyboardEvent) =>
      onKey(e, desk, latest.current.ui, sendable(latest.current.known.suggestions.data?.suggestions ?? []));
    document.addEventListener("keydown", keys);
    return () => document.removeEventListener("keydown", keys);
  }, [desk]);
  useAddress(desk.watched);
  const bell = useBell(desk, latest);
  const resolved = useAfterActs(desk, ui);
  const classes = ["desk", ui.page === "inbox" ? "at-inbox" : "at-page", desk.watched ? "watching" : ""].join(" ");
  return (
    <UiContext.Provider value={ui}>
      <KnownContext.Provider value={known}>
        <a
          class="skip"
          href="#talk"
          onClick={(e) => {
            e.preventDefault();
            document.getElementById("talk")?.focus();
          }}
        >
          {w.skip}
        </a>
        <div class={classes}>
          <LinkLine />
          <Side settings={settings} />
          {ui.page === "inbox" ? (
            <>
              <main class="rooms">
                <List />
                <Talk />
              </main>
              <Panel />
            </>
          ) : (
            <Office page={ui.page} />
          )}
        </div>
        <Toasts />
        <Count bell={bell} />
        <OpenDialog resolved={resolved} />
      </KnownContext.Provider>
    </UiContext.Provider>
  );
}

type Latest = { current: { ui: Ui; w: ReturnType<typeof useSpeech>["w"] } };

function useBell(desk: Desk, latest: Latest): Bell | null {
  const [bell, setBell] = useState<Bell | null>(null);
  useEffect(() => {
    const own = new Bell(
      desk,
      () => latest.current.w,
      (id) => {
        latest.current.ui.go("inbox");
        desk.watch(id);
      },
    );
    setBell(own);
    return () => own.close();
  }, [desk]);
  return bell;
}

/** What follows when the server has carried something out: the field after a claim, the next one after a resolve. */
function useAfterActs(desk: Desk, ui: Ui) {
  const next = useRef<{ after: string; id: string | null } | null>(null);
  useEffect(() => {
    desk.onDone = (act, id) => {
      // The field may be there already, or come with the row that tells of the claim.
      if (act === "claim" && id === desk.watched && ui.field.current) ui.field.current.focus();
      else if (act === "claim" && id === desk.watched) ui.wantsField.current = true;
      if (act === "resolve" && next.current?.after === id) {
        desk.watch(next.current.id);
        next.current = null;
      }
    };
  }, [desk]);
  return (thenNext: boolean, id: string) => {
    const order = ui.order.current;
    const at = order.indexOf(id);
    next.current = thenNext ? { after: id, id: order[at + 1] ?? order[at - 1] ?? null } : null;
  };
}

function LinkLine() {
  const { w } = useSpeech();
  const desk = useDesk((d) => d.link);
  const [isLate, late] = useReducer(() => true, false);
  useEffect(() => {
    const wait = setTimeout(() => late(undefined as never), 1_500);
    return () => clearTimeout(wait);
  }, []);
  if (desk.link === "open" || (desk.link === "connecting" && !isLate)) return null;
  return (
    <p class="offline" role="status">
      <Icon name="warn" /> {desk.link === "offline" ? w.offline : w.connecting}
    </p>
  );
}

function Count({ bell }: { bell: Bell | null }) {
  const { w } = useSpeech();
  const desk = useDesk(
    (d) => d.rowsVersion,
    (d) => d.self,
  );
  useTick(5_000);
  const n = desk.self ? needing(desk.rows.values(), desk.self, desk.now()) : 0;
  useEffect(() => bell?.count(n, w.name), [bell, n, w]);
  return null;
}

function Toasts() {
  const { w } = useSpeech();
  const desk = useDesk((d) => d.toasts);
  return (
    <div class="toasts" role="status">
      {desk.toasts.map((t) => (
        <Toast key={t.key} id={t.key}>
          <p>
            <b>{t.kind === "alarm" ? w.ring.alarm : w.ring[t.kind](t.by ?? "")}</b>
            {t.text && <span class="soft">{t.text}</span>}
          </p>
          <OpenToast conversation={t.conversation} id={t.key} />
        </Toast>
      ))}
    </div>
  );
}

const TOAST_MS = 12_000;

function Toast({ id, children }: { id: number; children: preact.ComponentChildren }) {
  const { w } = useSpeech();
  const desk = useDesk();
  const [isHeld, hold] = useState(false);
  useEffect(() => {
    if (isHeld) return;
    const fade = setTimeout(() => desk.dismiss(id), TOAST_MS);
    return () => clearTimeout(fade);
  }, [isHeld]);
  return (
    <div
      class="toast"
      onMouseEnter={() => hold(true)}
      onMouseLeave={() => hold(false)}
      onFocusCapture={() => hold(true)}
    >
      {children}
      <button class="icon-only" aria-label={w.close} onClick={() => desk.dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

function OpenToast({ conversation, id }: { conversation: string; id: number }) {
  const { w } = useSpeech();
  const desk = useDesk();
  return (
    <UiContext.Consumer>
      {(ui) => (
        <button
          onClick={() => {
            ui.go("inbox");
            desk.watch(conversation);
            desk.dismiss(id);
          }}
        >
          {w.ring.open}
        </button>
      )}
    </UiContext.Consumer>
  );
}
