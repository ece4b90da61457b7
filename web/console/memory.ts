// What this browser remembers of an agent's taste: language, theme, sound. Never of a conversation.
type Taste = "lang" | "theme" | "sound" | "desktop" | "view";

export function remembered(what: Taste): string | null {
  try {
    return localStorage.getItem(`xiaoer:${what}`);
  } catch {
    return null;
  }
}

export function remember(what: Taste, value: string): void {
  try {
    localStorage.setItem(`xiaoer:${what}`, value);
  } catch {
    // A locked store only forgets.
  }
}
