// What the widget's tests stand on: the real binary behind a door that serves web/dist as it is on disk, a shop
// on another origin whose pages the tests write, a browser, and rules that look at what was drawn.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export { pause };
export const root = new URL("../..", import.meta.url).pathname;
export const require = createRequire(join(root, "web/package.json"));
const { chromium } = require("playwright-core");
export const axeSource = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
export const budgets = JSON.parse(readFileSync(join(root, "web/budgets.json"), "utf8"));
const dist = join(root, "web/dist");
const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
export const DESK = { viewport: { width: 1280, height: 800 } };

// ---- the tally

let passed = 0;
const failed = [];
export async function check(name, work) {
  try {
    await work();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAIL ${name}\n     ${String(error.message ?? error).split("\n").slice(0, 12).join("\n     ")}`);
  }
}

export function tally() {
  console.log(`${passed} passed, ${failed.length} failed`);
  process.exit(failed.length ? 1 : 0);
}

/** A rule that never finds anything is no rule: it has to find what was broken on purpose. */
export async function bites(name, work) {
  await check(`control: ${name}`, async () => {
    const found = await work();
    if (!found?.length) throw new Error("nothing was found on a page made wrong on purpose");
  });
}

export function equal(found, wanted, what = "") {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}\nfound  ${a}\nwanted ${b}`);
}

export async function until(work, what, ms = 15_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await work();
    if (found) return found;
    if (Date.now() > end) throw new Error(`in ${ms} ms not: ${what}`);
    await pause(40);
  }
}

// ---- the binary

/** One server on one data folder, which may be killed and started again on the same port. */
export class Server {
  data = mkdtempSync(join(tmpdir(), "xiaoer-widget-"));
  port = 0;
  child = null;

  async start() {
    const binary = process.env.XIAOER_BINARY ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug/xiaoer");
    const child = spawn(binary, ["serve", "--listen", `127.0.0.1:${this.port}`, "--data", this.data], { cwd: root });
    let told = "";
    child.stderr.on("data", (bytes) => (told += bytes));
    child.stdout.resume();
    await until(() => told.includes("  data ") || (child.exitCode !== null && Promise.reject(new Error(`the server ended:\n${told}`))), "server", 60_000);
    this.port = Number(told.match(/http:\/\/[\d.]+:(\d+)/)[1]);
    this.password ??= told.match(/shown once\) (\S+)/)?.[1];
    this.child = child;
  }

  async kill(signal = "SIGKILL") {
    const { child } = this;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await gone;
  }
}

// ---- the door and the shop

const KINDS = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", json: "application/json" };
const OWN_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

function fileOf(path) {
  const name = normalize(path).replace(/^\/+/, "");
  for (const found of [name, `${name}/index.html`]) {
    const file = join(dist, found);
    if (file.startsWith(dist) && statSync(file, { throwIfNoEntry: false })?.isFile()) return file;
  }
  return null;
}

function passOn(server, req, res) {
  const headers = { ...req.headers, host: `127.0.0.1:${server.port}` };
  delete headers.origin;
  const on = request({ port: server.port, path: req.url, method: req.method, headers }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  on.on("error", () => res.writeHead(502).end());
  req.pipe(on);
}

/** Serves web/dist with the headers of the real server, and passes the rest on to it. */
export function doorOf(server, asked, lab) {
  const door = createServer((req, res) => {
    const { pathname } = new URL(req.url, "http://door");
    asked.push(pathname);
    if (lab.handle?.(req, res)) return;
    const file = fileOf(pathname);
    if (!file) return server ? passOn(server, req, res) : res.writeHead(404).end();
    const own = pathname.startsWith("/widget")
      ? { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" }
      : { "content-security-policy": OWN_CSP };
    res.writeHead(200, { "content-type": KINDS[file.split(".").pop()] ?? "text/plain", "x-content-type-options": "nosniff", "cache-control": "no-cache", ...own });
    res.end(readFileSync(file));
  });
  const open = new Set();
  door.on("upgrade", (req, socket, head) => {
    if (!server) return socket.destroy();
    const on = connect(server.port, "127.0.0.1", () => {
      const own = { ...req.headers, host: `127.0.0.1:${server.port}`, origin: `http://127.0.0.1:${server.port}` };
      on.write(`GET ${req.url} HTTP/1.1\r\n${Object.entries(own).map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`);
      if (head.length) on.write(head);
      on.pipe(socket);
      socket.pipe(on);
    });
    open.add(socket);
    for (const [one, other] of [[on, socket], [socket, on]]) {
      one.on("error", () => other.destroy());
      one.on("close", () => {
        other.destroy();
        open.delete(socket);
      });
    }
  });
  /** Cuts every socket, as a bad network does. */
  door.cut = () => open.forEach((socket) => socket.destroy());
  return door;
}

export const listen = (server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${server.address().port}`)));

/** The tag that a shop writes. */
export const tag = (base, attributes = "") => `<script async src="${base}/widget.js" data-site="t" ${attributes}></script>`;
export const shopPage = (body, { lang = "en", dir = "ltr", head = "" } = {}) =>
  `<!doctype html><html lang="${lang}" dir="${dir}"><head><meta charset="utf-8"><link rel="icon" href="data:,"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Shop</title>${head}</head><body><main><h1>A shop</h1><p>Words of the page.</p></main>${body}</body></html>`;

export async function openLab({ real = true } = {}) {
  const server = real ? new Server() : null;
  if (server) await server.start();
  const asked = [];
  const lab = { handle: null };
  const door = doorOf(server, asked, lab);
  const base = await listen(door);
  const pages = new Map();
  const shopServer = createServer((req, res) => {
    const page = pages.get(new URL(req.url, "http://shop").pathname);
    res.writeHead(page ? 200 : 404, { "content-type": "text/html; charset=utf-8", ...page?.headers });
    res.end(page?.html ?? "");
  });
  const shop = await listen(shopServer);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const problems = [];
  const watch = (page, name) => {
    page.setDefaultTimeout(15_000);
    page.on("console", (m) => m.type() === "error" && !/net::ERR_|WebSocket connection|status of 40[14]|502|\/v1\/.* CORS/.test(m.text()) && problems.push(`${name}: ${m.text()}`));
    page.on("pageerror", (e) => problems.push(`${name}: ${e.message}`));
    return page;
  };
  let count = 0;
  return Object.assign(lab, {
    server, base, shop, browser, problems, asked, door, watch,
    /** Writes a page into the shop and gives its address. */
    write(html, headers = {}) {
      const path = `/page${++count}`;
      pages.set(path, { html, headers });
      return shop + path;
    },
    async context(options = {}) {
      return browser.newContext({ ...DESK, locale: "en-GB", timezoneId: "Asia/Shanghai", ...options });
    },
    async end() {
      await browser.close();
      if (server) {
        await server.kill("SIGTERM");
        rmSync(server.data, { recursive: true, force: true });
      }
      tally();
    },
  });
}

export const shot = async (page, name) => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`), animations: "disabled" });
};

/** What stands in the log: the first line of each message, whether a paragraph or a list begins it. */
export const linesOf = (page) =>
  page.evaluate(() =>
    [...document.querySelector("xiaoer-widget").shadowRoot.querySelectorAll(".msg")].map((m) => `${m.className.split(" ")[1]} ${m.querySelector(".bubble :is(p, li)")?.textContent ?? ""}`),
  );

export async function say(page, text) {
  await page.locator("xiaoer-widget .composer textarea").fill(text);
  await page.locator("xiaoer-widget .composer textarea").press("Enter");
}
