// The keyboard: Alt with a letter, so that nothing single is stolen from somebody who types (WCAG 2.1.4).
import { actions } from "./actions";
import type { Desk } from "./desk";
import type { Suggestion } from "./protocol";
import { PANEL_TABS, type Ui } from "./ui";
import type { Words } from "./words";

/** The sheet's lines, in its order. */
export const SHEET: [keyof Words["keys"], string][] = [
  ["next", "Alt+J"],
  ["previous", "Alt+K"],
  ["arrows", "↑ ↓"],
  ["take", "Alt+A"],
  ["decline", "Alt+D"],
  ["yes", "Alt+Y"],
  ["no", "Alt+X"],
  ["reply", "Alt+L"],
  ["note", "Alt+P"],
  ["send", "Enter"],
  ["newline", "Shift+Enter"],
  ["attach", "Alt+U"],
  ["canned", "/"],
  ["mention", "@"],
  ["suggest", "Ctrl+1 … Ctrl+3"],
  ["resolve", "Alt+E"],
  ["resolveNext", "Ctrl+Alt+E"],
  ["snooze", "Alt+M"],
  ["transfer", "Alt+T"],
  ["handBack", "Alt+B"],
  ["label", "Alt+G"],
  ["panel", "Alt+N"],
  ["search", "Ctrl+K, Alt+F"],
  ["sheet", "?"],
  ["escape", "Esc"],
];

const isField = (el: EventTarget | null) =>
  el instanceof HTMLElement && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName));

/** Goes by the place of the key where Alt makes another character of it (macOS). */
function letter(e: KeyboardEvent): string {
  return /^Key[A-Z]$/.test(e.code) ? e.code.slice(3).toLowerCase() : e.key.toLowerCase();
}

export function onKey(e: KeyboardEvent, desk: Desk, ui: Ui, suggestions: Suggestion[]): void {
  // AltGr writes characters; it is no shortcut. Inside a dialog the dialog's own keys count.
  if (e.defaultPrevented || e.isComposing || e.getModifierState("AltGraph") || ui.dialog) return;
  if (command(e, desk, ui, suggestions)) e.preventDefault();
}

function command(e: KeyboardEvent, desk: Desk, ui: Ui, suggestions: Suggestion[]): boolean {
  const act = actions(desk, ui);
  const mod = e.ctrlKey || e.metaKey;
  if (mod && e.altKey) {
    if (letter(e) !== "e") return false;
    act.resolve(true);
    return true;
  }
  if (e.altKey) return !e.shiftKey && withAlt(letter(e), desk, ui);
  if (mod) {
    const digit = /^Digit([1-3])$/.exec(e.code);
    if (digit && e.ctrlKey && !e.shiftKey && ui.page === "inbox" && desk.watched) {
      const wanted = suggestions[Number(digit[1]) - 1];
      if (wanted) act.insert(wanted.text);
      return true;
    }
    if (letter(e) !== "k" || e.shiftKey) return false;
    ui.ask({ name: "search" });
    return true;
  }
  if (e.key === "?" && !isField(e.target)) {
    ui.ask({ name: "keys" });
    return true;
  }
  if (e.key === "Escape") return goBack(desk, ui);
  return false;
}

function withAlt(key: string, desk: Desk, ui: Ui): boolean {
  const act = actions(desk, ui);
  const runs: Record<string, () => void> = {
    j: () => act.step(1),
    k: () => act.step(-1),
    f: () => ui.ask({ name: "search" }),
  };
  const inConversation: Record<string, () => void> = {
    y: () => act.decide(true),
    // Far from its yes on the keyboard.
    x: () => act.decide(false),
    e: () => act.resolve(false),
    p: () => act.mode("note"),
    l: () => act.mode("reply"),
    m: act.snooze,
    t: act.transfer,
    b: act.handBack,
    g: act.labels,
    u: () => act.attach(),
    n: () => {
      ui.setTab(PANEL_TABS[(PANEL_TABS.indexOf(ui.tab) + 1) % PANEL_TABS.length]!);
      ui.openPanel(true);
    },
  };
  if (ui.page === "inbox") Object.assign(runs, { a: () => act.accept(), d: () => act.decline() });
  if (ui.page === "inbox" && desk.watched) Object.assign(runs, inConversation);
  const run = runs[key];
  run?.();
  return run !== undefined;
}

/** What lies on top goes first; then the page, then the field, then the conversation. */
function goBack(desk: Desk, ui: Ui): boolean {
  if (ui.isPanelOpen) ui.openPanel(false);
  else if (ui.page !== "inbox") ui.go("inbox");
  else if (isField(document.activeElement)) {
    (document.activeElement as HTMLElement).blur();
    document.querySelector<HTMLElement>(".row.here")?.focus();
  } else if (desk.watched) desk.watch(null);
  else return false;
  return true;
}
