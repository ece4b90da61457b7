// A native dialog: the browser keeps the focus inside, Esc closes, and the focus goes back where it was.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useSpeech } from "./hooks";
import { Icon } from "./icons";

type Props = { title: string; close: () => void; class?: string; children: ComponentChildren };

export function Dialog({ title, close, class: look, children }: Props) {
  const { w } = useSpeech();
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const el = box.current!;
    el.showModal();
    el.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      el.close();
      if (before?.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={look}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        close();
      }}
      // A press on the backdrop is a press on the dialog itself, outside of all it holds.
      onPointerDown={(e) => e.target === box.current && close()}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <button class="icon-only" aria-label={w.close} onClick={close}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

export type Choice = { word: string; hint?: string; run: () => void };

/** Choices one under the other; arrows move, digits choose. */
export function Choices({ choices }: { choices: Choice[] }) {
  const box = useRef<HTMLDivElement>(null);
  const keys = (e: KeyboardEvent) => {
    const all = [...box.current!.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
    if (step) all[(at + step + all.length) % all.length]?.focus();
    else if (/^[1-9]$/.test(e.key) && !e.ctrlKey && !e.altKey && !e.metaKey) choices[Number(e.key) - 1]?.run();
    else return;
    e.preventDefault();
  };
  return (
    <div class="choices" ref={box} onKeyDown={keys}>
      {choices.map((c, i) => (
        <button class="choice" key={c.word} data-first={i === 0 ? "" : undefined} onClick={c.run}>
          <kbd aria-hidden="true">{i + 1}</kbd> {c.word}
          {c.hint && <span class="soft">{c.hint}</span>}
        </button>
      ))}
    </div>
  );
}
