// What is seldom needed: the transcript, and reading aloud.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Words } from "../shared/i18n";
import { Icon } from "./icons";

type Acts = { transcript: () => void; mail?: () => void; readAloud?: () => void };

export function More({ words, aloud, acts }: { words: Words; aloud: boolean; acts: Acts }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  // At once, so that a quick Esc finds the focus where it belongs.
  useLayoutEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>(".menu button")?.focus();
    const away = (e: Event) => !e.composedPath().includes(box.current!) && setOpen(false);
    const root = box.current?.getRootNode();
    root?.addEventListener("pointerdown", away);
    return () => root?.removeEventListener("pointerdown", away);
  }, [open]);
  const escape = (e: KeyboardEvent) => {
    if (e.key !== "Escape" || !open) return;
    e.stopPropagation();
    setOpen(false);
    box.current?.querySelector("button")?.focus();
  };
  return (
    <div class="more" ref={box} onKeyDown={escape}>
      <button type="button" class="tool" aria-label={words.more} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="more" />
      </button>
      {open && (
        <div class="menu">
          <button
            type="button"
            onClick={() => {
              setOpen(false);
              acts.transcript();
            }}
          >
            <Icon name="save" /> {words.transcript}
          </button>
          {acts.mail && (
            <button
              type="button"
              onClick={() => {
                setOpen(false);
                acts.mail!();
              }}
            >
              <Icon name="article" /> {words.transcriptMail}
            </button>
          )}
          {acts.readAloud && (
            <button type="button" aria-pressed={aloud} onClick={acts.readAloud}>
              <Icon name={aloud ? "tick" : "sound"} /> {words.readAloud}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
