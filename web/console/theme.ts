// Light or dark: the system's choice unless the agent made one.
import { remember, remembered } from "./memory";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = (): Theme => THEMES.find((t) => t === remembered("theme")) ?? "auto";

export function showTheme(): void {
  const wanted = theme();
  if (wanted === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
}

export function setTheme(wanted: Theme): void {
  remember("theme", wanted);
  showTheme();
}
