// Pictures and PDFs in a bubble. They are fetched with the conversation's token and drawn on canvases, since a shop's
// policy may let no picture in. Loaded with the first message that has some.
import { useEffect, useState } from "preact/hooks";
import type { Words } from "../shared/i18n";
import css from "./files.css";
import { Icon } from "./icons";

export { use } from "./kit";
export { css };

type Credentials = { conversation: string; token: string } | null;
type Found = { url: string; isPaper: boolean; picture: ImageBitmap | null };
type Props = { words: Words; server: string; who: Credentials };

/** What the server says files are. Anything else did not come from it, and is not opened in the shop's name. */
const KINDS = /^(image\/(png|jpeg|webp|gif)|application\/pdf)$/;
/** Longest side of what is drawn, in pixels of the page. */
const SIDE_PX_MAX = 220;
/** Pixels drawn for each of those, so that it is sharp on a phone. */
const SHARP = 2;

const known = new Map<string, Promise<Found>>();

async function fetched(server: string, who: Credentials, id: string): Promise<Found> {
  if (!who) throw new Error("no conversation");
  const answer = await fetch(`${server}/v1/files/${encodeURIComponent(id)}?conversation=${encodeURIComponent(who.conversation)}`, {
    headers: { authorization: `Bearer ${who.token}` },
  });
  const blob = await answer.blob();
  if (!answer.ok || !KINDS.test(blob.type)) throw new Error(`status ${answer.status}`);
  const isPaper = blob.type === "application/pdf";
  // A picture that cannot be drawn may still be saved.
  const picture = isPaper ? null : await createImageBitmap(blob).catch(() => null);
  return { url: URL.createObjectURL(blob), isPaper, picture };
}

/** Each file once, however often its line is drawn. */
function found(server: string, who: Credentials, id: string): Promise<Found> {
  const key = `${who?.conversation} ${id}`;
  const coming = known.get(key) ?? fetched(server, who, id);
  known.set(key, coming);
  coming.catch(() => known.delete(key));
  return coming;
}

function draw(canvas: HTMLCanvasElement | null, picture: ImageBitmap) {
  if (!canvas || canvas.dataset.drawn) return;
  canvas.dataset.drawn = "yes";
  const shown = Math.min(1, SIDE_PX_MAX / Math.max(picture.width, picture.height));
  const drawn = Math.min(1, shown * SHARP);
  canvas.width = Math.max(1, Math.round(picture.width * drawn));
  canvas.height = Math.max(1, Math.round(picture.height * drawn));
  canvas.style.width = `${Math.ceil(picture.width * shown)}px`;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

function Shot({ id, words, server, who }: Props & { id: string }) {
  const [file, set] = useState<Found | null>(null);
  const [isLost, lose] = useState(false);
  const [tries, again] = useState(0);
  useEffect(() => {
    let isGone = false;
    const come = (one: Found | null) => {
      if (isGone) return;
      set(one);
      lose(!one);
    };
    found(server, who, id).then(come, () => come(null));
    return () => void (isGone = true);
  }, [tries]);
  if (isLost) {
    return (
      <button type="button" class="lost" onClick={() => again(tries + 1)}>
        <Icon name="clock" size={14} /> {words.fileLost}
      </button>
    );
  }
  if (!file) {
    return (
      <span class="photos">
        <Icon name="picture" size={16} /> {words.files(1)}
      </span>
    );
  }
  const { url, isPaper, picture } = file;
  if (picture) {
    return (
      <a class="shot" href={url} target="_blank" rel="noopener noreferrer">
        <canvas role="img" aria-label={words.picture} ref={(canvas) => draw(canvas, picture)} />
      </a>
    );
  }
  return (
    <a class="paper" href={url} download={id.slice(0, 12)}>
      <Icon name="article" size={16} /> {isPaper ? words.paper : words.picture}
    </a>
  );
}

export function Shots({ ids, ...props }: Props & { ids: string[] }) {
  return (
    <div class="shots">
      {[...new Set(ids)].map((id) => (
        <Shot key={id} id={id} {...props} />
      ))}
    </div>
  );
}
