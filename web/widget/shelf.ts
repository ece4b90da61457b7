// What the browser keeps for one site. Storage may be forbidden, full, or not yet consented to: then memory
// holds it as long as the page lives.

export class Shelf {
  allowed = true;
  private memory = new Map<string, string>();

  constructor(private prefix: string) {}

  /** The storage key of a name, to compare with what other tabs tell. */
  key(name: string): string {
    return name ? `${this.prefix}:${name}` : this.prefix;
  }

  get<T>(name: string): T | null {
    const kept = this.memory.get(name);
    if (kept !== undefined) return JSON.parse(kept) as T;
    try {
      return this.allowed ? (JSON.parse(localStorage.getItem(this.key(name)) ?? "null") as T) : null;
    } catch {
      return null;
    }
  }

  set(name: string, value: unknown) {
    const text = JSON.stringify(value);
    try {
      if (!this.allowed) throw new Error();
      localStorage.setItem(this.key(name), text);
      this.memory.delete(name);
    } catch {
      this.memory.set(name, text);
    }
  }

  drop(name: string) {
    this.memory.delete(name);
    try {
      if (this.allowed) localStorage.removeItem(this.key(name));
    } catch {
      /* it was never there */
    }
  }

  /** Names that begin so. */
  names(start: string): string[] {
    const found = [...this.memory.keys()].filter((name) => name.startsWith(start));
    try {
      if (!this.allowed) return found;
      const whole = this.key(start);
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(whole)) found.push(key.slice(this.prefix.length + 1));
      }
    } catch {
      /* memory is all there is */
    }
    return found;
  }
}
