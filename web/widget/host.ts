// What the loader and the app agree on. Types only: neither pays for it.

export type Product = { id: string; title?: string; price?: string; url?: string };
export type Line = string | { id: string; quantity?: number };

/** What the page says about itself. */
export type Context = { page?: string; product?: string | Product; order?: string; cart?: Line[]; locale?: string };

/** A token, or how to get a fresh one each time the widget says hello. */
export type Identity = string | (() => string | undefined | Promise<string | undefined>);

/** The script tag's data attributes, and what the page set later. */
export type Options = {
  server: string;
  site?: string;
  locale?: string;
  color?: string;
  theme?: string;
  position?: string;
  offsetX?: string;
  offsetY?: string;
  zIndex?: string;
  openOn?: string;
  launcher?: string;
  consent?: string;
  inline?: string;
  query?: string;
  identity?: Identity;
  product?: string | Product;
  order?: string;
  cart?: string | Line[];
  page?: string;
  voice?: string;
  nudge?: string;
  shareText?: string;
};

export type Host = HTMLElement & {
  readonly root: ShadowRoot;
  readonly launcher: HTMLButtonElement | null;
  options: Options;
  /** Shows so many unread messages on the launcher. */
  badge(count: number): void;
  /** Fires `xiaoer:NAME`. */
  tell(name: string, detail?: object): void;
  /** Options have changed: looks and words follow. */
  dress(): void;
};

export type Call = [verb: string, ...rest: any[]];
/** What app.js exports as `start`. */
export type Start = (host: Host) => (...call: Call) => unknown;
