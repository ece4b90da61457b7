// Files of a reply: how they are chosen (a button, a key, dropped, pasted), and what is shown until they are sent.
import { useState } from "preact/hooks";
import { mayDo } from "./actions";
import { fileLink } from "./api";
import type { Desk } from "./desk";
import { useDesk, useSpeech } from "./hooks";
import { Icon } from "./icons";
import { FILES_MAX, type Held } from "./tray";
import { useUi } from "./ui";

const MIB = 1024 * 1024;

/** Into the tray of the conversation that is looked at, if it is one's own. */
function add(desk: Desk, id: string, files: readonly File[]) {
  if (files.length === 0 || !desk.self) return;
  if (!mayDo(desk.row(id), desk.self).isMine) return desk.refuse({ code: "not_allowed" });
  if (desk.mode !== "reply") desk.setMode("reply");
  desk.tray.add(id, files, desk.self.files);
}

/** The browser's own chooser; out of sight, so that the button and the key can both open it. */
export function Chooser({ id }: { id: string }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.self);
  return (
    <input
      ref={ui.chooser}
      type="file"
      hidden
      multiple
      accept={desk.self?.files.types.join(",")}
      aria-label={w.attach}
      onChange={(e) => {
        const chosen = [...(e.currentTarget.files ?? [])];
        // The same file may be chosen again once it was removed.
        e.currentTarget.value = "";
        add(desk, id, chosen);
        ui.field.current?.focus();
      }}
    />
  );
}

export function Clip() {
  const { w } = useSpeech();
  const ui = useUi();
  return (
    <button
      class="icon-only clip"
      aria-label={w.attach}
      title={`${w.attach} (Alt+U)`}
      onClick={() => ui.chooser.current?.click()}
    >
      <Icon name="clip" />
    </button>
  );
}

/** What goes with the reply, each with a button that takes it away. */
export function Attached({ id }: { id: string }) {
  const { w } = useSpeech();
  const ui = useUi();
  const desk = useDesk((d) => d.tray.of(id));
  const held = desk.tray.of(id);
  if (held.length === 0) return null;
  return (
    <ul class="attached" aria-label={w.attached} aria-busy={desk.tray.isBusy(id)}>
      {held.map((one, i) => (
        <Tile
          key={one.key}
          id={id}
          one={one}
          name={one.name || w.photo(i + 1)}
          drop={() => {
            desk.tray.drop(id, one.key);
            ui.field.current?.focus();
          }}
        />
      ))}
    </ul>
  );
}

/** What was not taken, and why; also when the reason is that one may no longer reply. */
export function NotAttached({ id }: { id: string }) {
  const { w } = useSpeech();
  const desk = useDesk(
    (d) => d.tray.trouble(id),
    (d) => d.self,
  );
  const trouble = desk.tray.trouble(id);
  const mib = Math.floor((desk.self?.files.bytes_max ?? 0) / MIB);
  const why = trouble && (w.attachTrouble[trouble.code] ?? w.attachTrouble.other!);
  return (
    <p class="trouble" role="alert">
      {why && (
        <>
          <Icon name="warn" /> {why(trouble.name, trouble.code === "too_many" ? FILES_MAX : mib)}
        </>
      )}
    </p>
  );
}

function Tile({ id, one, name, drop }: { id: string; one: Held; name: string; drop: () => void }) {
  const { w } = useSpeech();
  const [isPicture, setPicture] = useState(one.type !== "application/pdf");
  return (
    <li class={one.id ? "held" : "held busy"}>
      {one.id && isPicture ? (
        <img src={fileLink(id, one.id)} alt="" onError={() => setPicture(false)} />
      ) : (
        <Icon name={one.id ? "audit" : "waiting"} />
      )}
      <span class="file-name" title={name}>
        {name}
      </span>
      {!one.id && <span class="unseen">{w.uploading}</span>}
      <button class="icon-only" aria-label={w.detach(name)} title={w.detach(name)} onClick={drop}>
        <Icon name="close" />
      </button>
    </li>
  );
}

const holdsFiles = (e: DragEvent) => !!e.dataTransfer?.types.includes("Files");

/** What the conversation does with files that are dragged over it. Without this the browser would leave the page for them. */
export function useDrop(id: string | null) {
  const desk = useDesk();
  const [isOver, setOver] = useState(false);
  const over = (e: DragEvent) => {
    if (!id || !holdsFiles(e)) return;
    e.preventDefault();
    setOver(mayDo(desk.row(id), desk.self).isMine);
  };
  const on = {
    onDragEnter: over,
    onDragOver: over,
    onDragLeave: (e: DragEvent) => {
      if (!(e.currentTarget as Element).contains(e.relatedTarget as Node | null)) setOver(false);
    },
    onDrop: (e: DragEvent) => {
      if (!id || !holdsFiles(e)) return;
      e.preventDefault();
      setOver(false);
      add(desk, id, [...e.dataTransfer!.files]);
    },
  };
  return { isOver, on };
}

export function DropHere() {
  const { w } = useSpeech();
  return (
    <p class="drop-here">
      <Icon name="clip" /> {w.dropHere}
    </p>
  );
}

/** A pasted picture; text that comes with a picture of itself (office programs) is pasted as text. */
export function pasted(e: ClipboardEvent, desk: Desk, id: string): boolean {
  const files = [...(e.clipboardData?.files ?? [])];
  if (files.length === 0 || e.clipboardData!.types.includes("text/plain")) return false;
  add(desk, id, files);
  return true;
}
