// Pictures that were sent; what is no picture, or has gone, is a link with its name.
import { useState } from "preact/hooks";
import { fileLink } from "./api";
import { useDesk, useSpeech } from "./hooks";

export function Photos({ ids }: { ids: string[] }) {
  const desk = useDesk((d) => d.watched);
  if (ids.length === 0 || !desk.watched) return null;
  return (
    <div class="photos">
      {ids.map((id, i) => (
        <Photo key={id} href={fileLink(desk.watched!, id)} nth={i + 1} />
      ))}
    </div>
  );
}

function Photo({ href, nth }: { href: string; nth: number }) {
  const { w } = useSpeech();
  const [isPicture, setPicture] = useState(true);
  const name = w.photo(nth);
  return (
    <a href={href} target="_blank" rel="noopener">
      {isPicture ? <img src={href} alt={name} loading="lazy" onError={() => setPicture(false)} /> : name}
    </a>
  );
}
