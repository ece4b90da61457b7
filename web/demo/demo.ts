// The demo shop's page: its language switch, and the widget's.
import { localeOf } from "../shared/i18n";

const page = window as unknown as { Xiaoer?: (...call: unknown[]) => unknown };

function show(locale: string) {
  const lang = locale.startsWith("zh") ? "zh" : "en";
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.body.dataset.lang = lang;
  document.title = lang === "zh" ? "栖木生活" : "Qimu Living";
  document.querySelectorAll<HTMLElement>("[data-to]").forEach((b) => {
    b.setAttribute("aria-pressed", String(b.dataset.to === lang));
  });
  page.Xiaoer?.("locale", document.documentElement.lang);
}

/** The chat knows which of the goods is meant. */
function ask({ ask: id, zh, en, price }: DOMStringMap) {
  const title = document.body.dataset.lang === "zh" ? zh : en;
  page.Xiaoer?.("context", { product: { id, title, price } });
  page.Xiaoer?.("open");
}

const wanted = new URLSearchParams(location.search).get("lang");
show(wanted ?? localeOf(navigator.language));
document.addEventListener("click", (e) => {
  const button = (e.target as HTMLElement).closest<HTMLElement>("[data-to], [data-chat], [data-ask]");
  if (button?.dataset.to) show(button.dataset.to);
  if (button?.dataset.ask) ask(button.dataset);
  if (button?.dataset.chat !== undefined) page.Xiaoer?.("open");
});
