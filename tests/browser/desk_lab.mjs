// What the console's tests stand on: the real binary over a copy of the demo shop with shorter clocks, three agents
// and their boss, shoppers on the chat page, and rules that look at what was drawn.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { axeSource, check, equal, pause, root, shot, until } from "./widget_lab.mjs";

export { check, equal, pause, shot, until };
const { chromium } = createRequire(join(root, "web/package.json"))("playwright-core");
const binary = process.env.XIAOER_BINARY ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/xiaoer");
const PASSWORD = "correct horse battery";

/** A shop with its own folder: `edit` changes files of the knowledge base, by name. */
export async function openShop({ edit = {}, agents = ["lin:小林:agent", "may:May:agent", "boss:店长:supervisor"], port = 0 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "xiaoer-desk-"));
  const [shop, data] = [join(folder, "shop"), join(folder, "data")];
  cpSync(join(root, "knowledge_base"), shop, { recursive: true });
  for (const [file, change] of Object.entries(edit)) {
    const path = join(shop, file);
    const before = readFileSync(path, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`${file} was not changed`);
    writeFileSync(path, after);
  }
  for (const agent of agents) {
    const [account, name, role] = agent.split(":");
    const args = ["accounts", "add", account, "--name", name, "--role", role, "--capacity", "20", "--password-stdin", "--data", data];
    const made = spawnSync(binary, args, { cwd: root, input: `${PASSWORD}\n`, encoding: "utf8" });
    if (made.status !== 0) throw new Error(`${made.stdout}${made.stderr}`);
  }
  const args = ["serve", "--listen", `127.0.0.1:${port}`, "--data", data, "--knowledge-base", shop];
  const child = spawn(binary, args, { cwd: root });
  let told = "";
  child.stderr.on("data", (bytes) => (told += bytes));
  child.stdout.resume();
  await until(() => told.includes("  data ") || (child.exitCode !== null && Promise.reject(new Error(told))), "the server", 60_000);
  return {
    base: told.match(/widget +(http:\/\/[\d.]+:\d+)/)[1],
    pid: child.pid,
    shop,
    async end() {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Always at work, whatever the hour the tests run at. */
export const alwaysOpen = (text) => text.replace(/09:00-22:00/g, "00:00-24:00");
export const alwaysClosed = (text) => text.replace(/^  (mon|tue|wed|thu|fri|sat|sun): .*\n/gm, "").replace(/^hours:\n/m, "hours: {}\n");
/** Offers that lapse and laptops that are missed in seconds. */
export const swift = (text) => text.replace("accept_s_max: 30", "accept_s_max: 300").replace("lost_s: 45", "lost_s: 2");
export const byHand = (text) => swift(text).replace("mode: auto", "mode: manual");

/** A shop's own system: `answer` gets the path and the body of what is posted, and gives a status and JSON. */
export async function openSystem(answer) {
  const server = createServer(async (req, res) => {
    let text = "";
    for await (const chunk of req) text += chunk;
    const [status, body] = answer(req.url.split("?")[0], text ? JSON.parse(text) : null);
    res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    end: () => new Promise((done) => (server.close(done), server.closeAllConnections())),
  };
}

/** A shopper without a page, who does one thing after the other. */
export async function guest(base, frames) {
  const post = async (path, frame, headers = {}) => {
    const answer = await fetch(`${base}/v1/frames${path}`, { method: "POST", headers, body: JSON.stringify(frame) });
    if (!answer.ok) throw new Error(`${frame.type}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const welcome = await (await post("", { type: "hello", v: 1, locale: "en" })).json();
  for (const frame of frames) await post(`?conversation=${welcome.conversation}`, frame, { authorization: `Bearer ${welcome.token}` });
}

export async function openBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const problems = [];
  const watch = (page, name) => {
    page.setDefaultTimeout(15_000);
    page.on("console", (m) => m.type() === "error" && !/net::ERR_|WebSocket connection|status of 401/.test(m.text()) && problems.push(`${name}: ${m.text()}`));
    page.on("pageerror", (e) => problems.push(`${name}: ${e.message}`));
    return page;
  };
  return { browser, problems, watch };
}

/** An agent at the console, logged in. Through `line`, if there is one, goes what the page and the server tell each other. */
export async function sitDown({ browser, watch }, base, account, { lang = "en", line, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, locale: lang === "zh" ? "zh-CN" : "en-GB", timezoneId: "Asia/Shanghai", ...options });
  const page = watch(await context.newPage(), account);
  if (line) await page.routeWebSocket(/\/v1\/console$/, line);
  await page.goto(`${base}/console?lang=${lang}`);
  await page.locator("input[name=account]").fill(account);
  await page.locator("input[name=password]").fill(PASSWORD);
  await page.locator("button.main").click();
  await page.getByRole("tab").first().waitFor();
  return page;
}

/** A line on which one conversation of the bot bears a question to the shop's people, so that its looks need no flow
 * that asks. The page's yes or no goes nowhere; `refuse` answers it, `tell` adds events, `ask` sets the question. */
export function askedLine() {
  const state = { approval: null, decided: null, watched: null, head: 0, row: null };
  const marked = (row) => {
    if (state.row ? row.id === state.row.id : row.status === "with_bot") state.row = row;
    return row.id === state.row?.id && state.approval ? { ...row, approval: state.approval } : row;
  };
  let send;
  const line = (page) => {
    send = (frame) => page.send(JSON.stringify(frame));
    const server = page.connectToServer();
    page.onMessage((text) => {
      const frame = JSON.parse(text);
      if (frame.type === "watch") state.watched = frame.conversation;
      if (frame.type === "decide") state.decided = frame;
      else server.send(text);
    });
    server.onMessage((text) => {
      const frame = JSON.parse(text);
      if (frame.type === "board") frame.conversations = frame.conversations.map(marked);
      if (frame.type === "rows") frame.changed = frame.changed.map(marked);
      if (frame.type === "events" && frame.conversation === state.watched) state.head = frame.to;
      send(frame);
    });
  };
  const ask = (next) => {
    state.approval = next;
    send({ type: "rows", changed: [marked(state.row)], gone: [] });
  };
  const tell = (items) => {
    const from = state.head + 1;
    state.head += items.length;
    const at = Date.now();
    send({ type: "events", conversation: state.watched, from, to: state.head, items: items.map((item, n) => ({ seq: from + n, at, ...item })) });
  };
  const refuse = (code, by) => send({ type: "error", code, message: "", conversation: state.watched, act: "decide", ...(by ? { by } : {}) });
  return { line, state, ask, tell, refuse, send: (frame) => send(frame) };
}

/** A shopper on the chat page. */
export async function comeIn({ browser, watch }, base, { lang = "en", ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: lang === "zh" ? "zh-CN" : "en-GB", timezoneId: "Asia/Shanghai", ...options });
  const page = watch(await context.newPage(), "shopper");
  await page.goto(`${base}/chat?site=demo`);
  await page.locator("xiaoer-widget .who.open").waitFor();
  return page;
}

export async function say(page, text) {
  await page.locator("xiaoer-widget .composer textarea").fill(text);
  await page.locator("xiaoer-widget .composer textarea").press("Enter");
}

/** The row of a conversation by words in it. */
export const rowOf = (page, words) => page.locator(".pane .row, .pane .offer", { hasText: words }).first();

export async function view(page, name) {
  await page.locator(`#view-${name}`).click();
}

/** A small PDF, as far as the server looks. */
export const PDF = Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF");
const MEDIA = { png: "image/png", pdf: "application/pdf", txt: "text/plain" };
export const fileOf = (name, bytes) => ({ name, mimeType: MEDIA[name.split(".").pop()], buffer: Buffer.from(bytes) });

/** A real picture, 320 by 200, drawn by a browser. */
export async function picture(page, colour) {
  const address = await page.evaluate((colour) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 200 });
    const brush = canvas.getContext("2d");
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 320, 200);
    return canvas.toDataURL("image/png");
  }, colour);
  return Buffer.from(address.split(",")[1], "base64");
}

/** Drops a picture on an element, or pastes it there. */
export async function hand(page, selector, how, name, bytes) {
  const held = await page.evaluateHandle(
    ([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const held = new DataTransfer();
      held.items.add(new File([bytes], name, { type: "image/png" }));
      return held;
    },
    [name, bytes.toString("base64")],
  );
  if (how === "paste") {
    await page.locator(selector).evaluate((el, clipboardData) => el.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true })), held);
    return;
  }
  for (const type of ["dragenter", "dragover", "drop"]) await page.dispatchEvent(selector, type, { dataTransfer: held });
}

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function axeFaults(page) {
  await page.evaluate(axeSource);
  const { violations, incomplete } = await page.evaluate((tags) => axe.run(document, { runOnly: { type: "tag", values: tags } }), TAGS);
  const open = incomplete.filter((rule) => rule.id !== "color-contrast");
  return [...violations, ...open].map((rule) => `${rule.id}: ${rule.nodes.map((n) => `${n.target.flat().join(" ")} (${n.any[0]?.message ?? n.all[0]?.message ?? ""})`).slice(0, 3).join(" | ")}`);
}

/** What is cut off or sticks out; a page that scrolls sideways. */
const boxFaults = (page) =>
  page.evaluate(() => {
    const faults = [];
    const name = (el) => `${el.tagName.toLowerCase()}.${typeof el.className === "string" ? el.className : ""}`;
    const scrolls = (value) => value === "auto" || value === "scroll";
    for (const el of document.body.querySelectorAll("*")) {
      const style = getComputedStyle(el);
      const box = el.getBoundingClientRect();
      if (!box.width || !box.height || el.namespaceURI !== "http://www.w3.org/1999/xhtml") continue;
      if (el.closest(".hidden, .sr, option, [inert]") || ["fixed", "absolute"].includes(style.position)) continue;
      const hides = style.overflowX === "hidden" || style.overflowX === "clip";
      if (hides && el.scrollWidth > el.clientWidth + 1 && style.textOverflow !== "ellipsis") faults.push(`${name(el)} cuts off ${el.scrollWidth - el.clientWidth}px`);
      const parent = el.parentElement;
      const { overflowX, display } = getComputedStyle(parent);
      if (display === "inline" || display === "contents" || scrolls(overflowX)) continue;
      const outer = parent.getBoundingClientRect();
      if (box.left < outer.left - 1.5 || box.right > outer.right + 1.5) faults.push(`${name(el)} leaves ${name(parent)} by ${Math.round(Math.max(outer.left - box.left, box.right - outer.right))}px`);
    }
    if (document.scrollingElement.scrollWidth > innerWidth + 1) faults.push("the page scrolls sideways");
    return faults;
  });

export async function faults(page) {
  return [...new Set([...(await axeFaults(page)), ...(await boxFaults(page))])];
}
