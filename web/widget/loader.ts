// What a shop's page pays for: a launcher's worth of code, and the app only when it is wanted.
// window.Xiaoer(verb, ...) may be called before the app is there; calls are kept and carried out later.

type Call = unknown[];
type Api = ((...call: Call) => unknown) & { calls?: Call[] };

(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const page = window as unknown as { Xiaoer?: Api };
  if (!script || document.querySelector("xiaoer-widget")) return;
  const server = script.dataset.server || new URL(script.src).origin;
  const early = page.Xiaoer?.calls ?? [];
  const api: Api = (...call) => {
    (api.calls ??= []).push(call);
  };
  api.calls = early;
  page.Xiaoer = api;
  const start = async () => {
    const app = await import(/* @vite-ignore */ `${server}/widget/app.js`);
    app.mount({ ...script.dataset, server }, page);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else void start();
})();
