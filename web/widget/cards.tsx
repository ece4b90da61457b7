// Structured pieces of an answer: orders and shipments, products, several side by side, and sources.
import { useRef } from "preact/hooks";
import type { Words } from "../shared/i18n";
import { Text } from "../shared/text";
import type { Card, Choice, Citation } from "./frames";
import { Icon } from "./icons";

type Chosen = (choice: Choice) => void;
type Bounds = { images: readonly string[]; server: string };

/** Addresses out of messages: only the web's own. */
function webAddress(url: string | undefined, base: string): URL | null {
  try {
    const found = url ? new URL(url, base) : null;
    return found && /^https?:$/.test(found.protocol) ? found : null;
  } catch {
    return null;
  }
}

/** A picture from somewhere else would tell that place who is looking. */
function pictureOf(card: Card, { images, server }: Bounds): string | null {
  const found = webAddress(card.image, server);
  return found && [new URL(server).origin, ...images].includes(found.origin) ? found.href : null;
}

function Steps({ steps }: { steps: NonNullable<Card["steps"]> }) {
  return (
    <ol class="steps">
      {steps.map((step) => (
        <li>
          <span>{step.text}</span>
          <time>{step.at}</time>
        </li>
      ))}
    </ol>
  );
}

export function CardView({ card, chosen, bounds }: { card: Card; chosen: Chosen; bounds: Bounds }) {
  const picture = pictureOf(card, bounds);
  const link = webAddress(card.url, bounds.server);
  return (
    <div class={`card ${/^[a-z_]+$/.test(card.kind) ? card.kind : ""}`}>
      {picture && <img src={picture} alt="" loading="lazy" referrerpolicy="no-referrer" />}
      <div class="card-head">
        {link ? (
          <a href={link.href} target="_blank" rel="noopener noreferrer">
            <strong>{card.title}</strong>
          </a>
        ) : (
          <strong>{card.title}</strong>
        )}
        {card.status && <span class="tag">{card.status}</span>}
      </div>
      {card.price && <p class="price">{card.price}</p>}
      {!!card.rows?.length && (
        <dl>
          {card.rows.map((row) => (
            <div>
              <dt>{row.label}</dt>
              <dd>{row.value}</dd>
            </div>
          ))}
        </dl>
      )}
      {!!card.steps?.length && <Steps steps={card.steps} />}
      {!!card.choices?.length && (
        <div class="card-acts">
          {card.choices.map((c) => (
            <button type="button" onClick={() => chosen(c)}>
              {c.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

export function Carousel({ cards, words, ...rest }: { cards: Card[]; words: Words; chosen: Chosen; bounds: Bounds }) {
  const row = useRef<HTMLUListElement>(null);
  const move = (by: number) => {
    const el = row.current;
    if (!el) return;
    const way = getComputedStyle(el).direction === "rtl" ? -by : by;
    el.scrollBy({ left: way * el.clientWidth * 0.8 });
  };
  return (
    <div class="carousel">
      <ul ref={row} tabIndex={0}>
        {cards.map((card) => (
          <li>
            <CardView card={card} {...rest} />
          </li>
        ))}
      </ul>
      {cards.length > 1 && (
        <div class="moves">
          <button type="button" class="back" aria-label={words.previous} onClick={() => move(-1)}>
            <Icon name="back" />
          </button>
          <button type="button" class="forth" aria-label={words.next} onClick={() => move(1)}>
            <Icon name="back" />
          </button>
        </div>
      )}
    </div>
  );
}

/** The article's page, scrolled to what was said where the browser can. */
function pageOf(c: Citation, server: string): string {
  // By characters: half of an emoji is none. A browser looks for whole words, so the last one may have to go.
  const line = [...c.quote.split("\n")[0].replace(/^- /, "")];
  const begin = line.slice(0, 60).join("");
  const first = line.length > 60 ? begin.replace(/[\s，。、；,;][^\s，。、；,;]*$/u, "") : begin;
  return `${server}/articles/${c.lang}/${encodeURIComponent(c.article)}#:~:text=${encodeURIComponent(first).replace(/-/g, "%2D")}`;
}

export function Sources({ citations, said, words, server }: { citations: Citation[]; said: string; words: Words; server: string }) {
  return (
    <>
      {citations.map((c) => (
        <details class="source">
          <summary>
            <Icon name="article" size={16} />
            <span>
              {words.source}: {c.title}
            </span>
          </summary>
          <div>
            <Text text={c.quote} said={said} />
            {c.lang && (
              <a class="whole" href={pageOf(c, server)} target="_blank" rel="noopener noreferrer">
                {words.whole}
              </a>
            )}
          </div>
        </details>
      ))}
    </>
  );
}
