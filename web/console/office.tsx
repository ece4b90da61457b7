// The supervisors' pages, fetched when first opened.
import { Audit } from "./audit";
import { Board } from "./board";
import { useSpeech } from "./hooks";
import { People } from "./people";
import { Reports } from "./reports";
import type { Page } from "./ui";

export function Office({ page }: { page: Page }) {
  const { w } = useSpeech();
  return (
    <main class="page" id="talk" tabIndex={-1} aria-label={w.pages[page]}>
      <h1>{w.pages[page]}</h1>
      {page === "board" && <Board />}
      {page === "reports" && <Reports />}
      {page === "people" && <People />}
      {page === "audit" && <Audit />}
    </main>
  );
}
