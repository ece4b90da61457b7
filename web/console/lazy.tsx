// A part of the page that is fetched when it is first opened.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useSpeech } from "./hooks";

export function lazyOf<P extends object>(load: () => Promise<ComponentType<P>>) {
  let ready: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const { w } = useSpeech();
    const [isFailed, fail] = useState(false);
    const [, redraw] = useState(0);
    const [tries, setTries] = useState(0);
    useEffect(() => {
      if (ready) return;
      load().then(
        (part) => {
          ready = part;
          redraw(1);
        },
        () => fail(true),
      );
    }, [tries]);
    if (ready) {
      const Part = ready;
      return <Part {...props} />;
    }
    return (
      <main class="page">
        <p class="quiet" role="status">
          {isFailed ? w.failed : w.loading}
        </p>
        {isFailed && (
          // After an upgrade the old page asks for parts that are gone; the new page knows its own.
          <button
            onClick={() => {
              fail(false);
              if (tries > 0) location.reload();
              setTries(tries + 1);
            }}
          >
            {w.again}
          </button>
        )}
      </main>
    );
  };
}
