// The left edge: views with their counts, pages, presence and settings.
import { useMemo, useState } from "preact/hooks";
import { send } from "./api";
import { useDesk, useSpeech, useTick } from "./hooks";
import { Icon, type IconName } from "./icons";
import { remember, remembered } from "./memory";
import { Menu } from "./menu";
import { askForNotifications } from "./notify";
import { tabKeys } from "./panel";
import type { Presence } from "./protocol";
import { countViews, isLead, type View, VIEWS } from "./rows";
import { setTheme, THEMES, theme } from "./theme";
import { useUi, type Page } from "./ui";

const ICONS: Record<View, IconName> = {
  mine: "mine",
  waiting: "waiting",
  team: "team",
  people: "people",
  bot: "bot",
  snoozed: "snoozed",
  resolved: "resolved",
};

export type Settings = { switchLang: () => void; leave: () => void };

export function Side({ settings }: { settings: Settings }) {
  const { w, lang } = useSpeech();
  const desk = useDesk((d) => d.self);
  return (
    <nav class="side" aria-label={w.navLabel}>
      <p class="shop" title={desk.self?.shop[lang]}>
        <span>{desk.self?.shop[lang] ?? w.name}</span>
        {desk.self && !desk.self.open && <small>{w.shopClosed}</small>}
      </p>
      <SearchButton />
      <Views />
      <Pages />
      <div class="side-end">
        <PresenceMenu />
        <SettingsMenu {...settings} />
      </div>
    </nav>
  );
}

function SearchButton() {
  const { w } = useSpeech();
  const ui = useUi();
  return (
    <button class="nav" onClick={() => ui.ask({ name: "search" })} title={`${w.search} (Ctrl+K)`} aria-label={w.search}>
      <Icon name="search" /> <span class="word">{w.search}</span> <kbd>Ctrl K</kbd>
    </button>
  );
}

function Views() {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk(
    (d) => d.rowsVersion,
    (d) => d.self,
  );
  useTick(5_000);
  const now = desk.now();
  const step = Math.floor(now / 5_000);
  const counts = useMemo(
    () => (desk.self ? countViews(desk.rows.values(), desk.self, now) : null),
    [desk.rowsVersion, desk.self, step],
  );
  const isHere = ui.page === "inbox";
  const choose = (view: View) => {
    ui.go("inbox");
    ui.setView(view);
  };
  return (
    <div
      class="views"
      role="tablist"
      aria-orientation="vertical"
      aria-label={w.viewsLabel}
      onKeyDown={tabKeys(VIEWS, ui.view, choose, (v) => `view-${v}`)}
    >
      {VIEWS.map((view) => (
        <button
          key={view}
          role="tab"
          id={`view-${view}`}
          class="nav"
          aria-selected={isHere && view === ui.view}
          aria-controls={isHere && view === ui.view ? "list" : undefined}
          tabIndex={view === ui.view ? 0 : -1}
          title={w.views[view]}
          onClick={() => choose(view)}
        >
          <Icon name={ICONS[view]} /> <span class="word">{w.views[view]}</span>
          {!!counts?.[view] && <b class={view === "waiting" ? "number hot" : "number"}>{counts[view]}</b>}
        </button>
      ))}
    </div>
  );
}

function Pages() {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.self);
  if (!isLead(desk.self)) return null;
  const pages: [Page, IconName][] = [
    ["board", "board"],
    ["reports", "reports"],
    ["people", "team"],
  ];
  if (desk.self?.role === "admin") pages.push(["audit", "audit"]);
  return (
    <div class="pages" role="group" aria-label={w.navLabel}>
      {pages.map(([page, icon]) => (
        <button
          key={page}
          class="nav"
          aria-current={ui.page === page ? "page" : undefined}
          title={w.pages[page]}
          aria-label={w.pages[page]}
          onClick={() => ui.go(page)}
        >
          <Icon name={icon} /> <span class="word">{w.pages[page]}</span>
        </button>
      ))}
    </div>
  );
}

const STATES: Presence[] = ["online", "busy", "away"];

function PresenceMenu() {
  const { w } = useSpeech();
  const desk = useDesk(
    (d) => d.self,
    (d) => d.agents,
    (d) => d.link,
  );
  const state = desk.link === "open" ? (desk.self?.state ?? "offline") : "offline";
  const own = desk.agents.find((a) => a.account === desk.account);
  const face = (
    <>
      <i class={`dot p-${state}`} />
      <span class="word">
        {desk.self?.name ?? desk.account}
        <small>
          {w.presence[state]}
          {own && ` · ${w.loadOf(own.load, own.capacity)}`}
        </small>
      </span>
    </>
  );
  return (
    <Menu label={`${w.presenceLabel}: ${w.presence[state]}`} button={face} class="nav presence" up>
      {STATES.map((s) => (
        <button key={s} role="menuitemradio" aria-checked={s === state} tabIndex={-1} onClick={() => desk.presence(s)}>
          <i class={`dot p-${s}`} />
          <span class="grow">
            {w.presence[s]}
            <small>{w.presenceHint[s]}</small>
          </span>
          {s === state && <Icon name="check" />}
        </button>
      ))}
    </Menu>
  );
}

function SettingsMenu({ switchLang, leave }: Settings) {
  const { w } = useSpeech();
  const ui = useUi();
  const [, redraw] = useState(0);
  const isLoud = remembered("sound") !== "off";
  const may = "Notification" in window ? Notification.permission : "denied";
  const isDesktop = may === "granted" && remembered("desktop") !== "off";
  const flipDesktop = async () => {
    if (may === "granted") remember("desktop", isDesktop ? "off" : "on");
    else if (may === "default") await askForNotifications();
    redraw(Date.now());
  };
  const logOut = async () => {
    await send("POST", "logout", {}).catch(() => null);
    leave();
  };
  return (
    <Menu label={w.settings} button={<Icon name="gear" />} class="icon-only" up>
      <p class="menu-head" role="presentation">
        {w.theme}
      </p>
      {THEMES.map((t) => (
        <button key={t} role="menuitemradio" aria-checked={theme() === t} tabIndex={-1} onClick={() => setTheme(t)}>
          <span class="grow">{w.themes[t]}</span>
          {theme() === t && <Icon name="check" />}
        </button>
      ))}
      <hr role="separator" />
      <button
        role="menuitemcheckbox"
        aria-checked={isLoud}
        tabIndex={-1}
        onClick={() => remember("sound", isLoud ? "off" : "on")}
      >
        <span class="grow">{w.sound}</span> <small>{isLoud ? w.on : w.off}</small>
      </button>
      <button
        role="menuitemcheckbox"
        aria-checked={isDesktop}
        aria-disabled={may === "denied"}
        tabIndex={-1}
        onClick={flipDesktop}
      >
        <span class="grow">{w.desktop}</span>
        <small>{may === "denied" ? w.blocked : may === "default" ? w.allow : isDesktop ? w.on : w.off}</small>
      </button>
      <hr role="separator" />
      <button role="menuitem" tabIndex={-1} onClick={() => ui.ask({ name: "keys" })}>
        <span class="grow">{w.keysTitle}</span> <kbd>?</kbd>
      </button>
      <button role="menuitem" tabIndex={-1} lang={w.other === "English" ? "en" : "zh-CN"} onClick={switchLang}>
        {w.other}
      </button>
      <button role="menuitem" tabIndex={-1} onClick={logOut}>
        {w.logOut}
      </button>
    </Menu>
  );
}
