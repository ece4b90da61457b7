// What is open on this page: the view, the page, the dialog, the tab. Nothing of it is the server's.
import { createContext, type RefObject } from "preact";
import { useContext } from "preact/hooks";
import type { View } from "./rows";

export type Page = "inbox" | "board" | "reports" | "people" | "audit";
export type PanelTab = "customer" | "assist" | "notes" | "history";
export const PANEL_TABS: PanelTab[] = ["customer", "assist", "notes", "history"];

export type Dialog =
  | { name: "transfer" | "labels" | "snooze" | "take_over" | "mail"; id: string }
  | { name: "resolve"; id: string; thenNext: boolean }
  | { name: "search" | "keys" };

export type Ui = {
  view: View;
  setView: (view: View) => void;
  page: Page;
  go: (page: Page) => void;
  dialog: Dialog | null;
  ask: (dialog: Dialog | null) => void;
  tab: PanelTab;
  setTab: (tab: PanelTab) => void;
  /** The panel lies over the conversation where there is no room beside it. */
  isPanelOpen: boolean;
  openPanel: (on: boolean) => void;
  field: RefObject<HTMLTextAreaElement>;
  /** The browser's chooser of files, while one may send some. */
  chooser: RefObject<HTMLInputElement>;
  /** The field takes the focus as soon as it is there. */
  wantsField: { current: boolean };
  /** The ids of the list as it stands, for next and previous. */
  order: { current: string[] };
};

export const UiContext = createContext<Ui>(null!);
export const useUi = () => useContext(UiContext);
