// A button that opens a menu: arrows move, Esc and a click elsewhere close, the focus comes back.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

type Props = { label: string; button: ComponentChildren; class?: string; up?: boolean; children: ComponentChildren };

const ITEMS = '[role^="menuitem"]';

export function Menu({ label, button, class: look, up, children }: Props) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  const items = () => [...root.current!.querySelectorAll<HTMLElement>(ITEMS)];
  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("button")?.focus();
  };
  useEffect(() => {
    if (!isOpen) return;
    (items().find((i) => i.getAttribute("aria-checked") === "true") ?? items()[0])?.focus();
    const outside = (e: Event) => !root.current?.contains(e.target as Node) && setOpen(false);
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [isOpen]);
  const keys = (e: KeyboardEvent) => {
    if (!isOpen) return;
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + all.length,
      Home: 0,
      End: all.length - 1,
    };
    if (e.key in to) all[to[e.key]! % all.length]?.focus();
    else if (e.key === "Escape") close();
    else if (e.key === "Tab") return setOpen(false);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div class="menu-root" ref={root} onKeyDown={keys}>
      <button
        class={look}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {button}
      </button>
      {isOpen && (
        <div class={up ? "menu up" : "menu"} role="menu" id={id} aria-label={label} onClick={() => close()}>
          {children}
        </div>
      )}
    </div>
  );
}
