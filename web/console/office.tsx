// The supervisors' pages, fetched when first opened.
import type { Page } from "./ui";

export function Office({ page }: { page: Page }) {
  return <main class="page">{page}</main>;
}
