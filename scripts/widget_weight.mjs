// Weighs our widget beside others that npm has: bytes, requests, script time. Writes docs/widget_weight.md.
//   node scripts/widget_weight.mjs            needs npm and its registry, and a Chromium
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

const root = new URL("..", import.meta.url).pathname;
const { chromium } = createRequire(join(root, "web/package.json"))("playwright-core");
const RUNS = 5;
const SLOWDOWN = 4;
const room = mkdtempSync(join(tmpdir(), "widget-weight-"));

/** A page as each package's own README embeds it. */
const OTHERS = [
  ["deep-chat", "2.4.2", `<script type="module" src="/deep-chat/dist/deepChat.bundle.js"></script><deep-chat></deep-chat>`],
  ["rasa-webchat", "1.0.1", `<div id="webchat"></div><script src="/rasa-webchat/lib/index.js"></script><script>WebChat.default({ selector: "#webchat", socketUrl: location.origin }, null)</script>`],
  ["@typebot.io/js", "0.10.7", `<script type="module">import Typebot from "/@typebot.io/js/dist/web.js"; Typebot.initBubble({ typebot: "demo", apiHost: location.origin });</script>`],
];

function unpack(name, version) {
  const [{ filename }] = JSON.parse(execFileSync("npm", ["pack", `${name}@${version}`, "--json", "--silent"], { cwd: room, encoding: "utf8" }));
  const into = join(room, name);
  execFileSync("mkdir", ["-p", into]);
  execFileSync("tar", ["xzf", join(room, filename), "-C", into, "--strip-components=1"]);
  return JSON.parse(readFileSync(join(into, "package.json"), "utf8")).license;
}

const KINDS = { html: "text/html", js: "text/javascript", css: "text/css" };
const pages = new Map();
let asked = [];
const server = createServer((req, res) => {
  const { pathname } = new URL(req.url, "http://x");
  const page = pages.get(pathname);
  if (page !== undefined) return res.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  const base = pathname.startsWith("/widget") ? join(root, "web/dist") : room;
  const file = join(base, normalize(pathname));
  asked.push(file);
  if (!file.startsWith(base) || !statSync(file, { throwIfNoEntry: false })?.isFile()) return res.writeHead(404).end();
  res.writeHead(200, { "content-type": KINDS[file.split(".").pop()] ?? "application/octet-stream", "access-control-allow-origin": "*" });
  res.end(readFileSync(file));
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

async function once(path, click) {
  const context = await browser.newContext();
  const page = await context.newPage();
  let requests = -1;
  page.on("request", () => (requests += 1));
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  asked = [];
  await page.goto(origin + path, { waitUntil: "load" });
  await page.waitForTimeout(1500);
  if (click) {
    await page.locator("xiaoer-widget .launcher").click();
    await page.locator("xiaoer-widget .composer textarea").waitFor();
    await page.waitForTimeout(500);
  }
  const { metrics } = await cdp.send("Performance.getMetrics");
  const value = (name) => metrics.find((m) => m.name === name).value * 1000;
  const files = [...new Set(asked)].filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  await context.close();
  return { script: value("ScriptDuration"), task: value("TaskDuration"), requests, bytes };
}

async function weigh(name, body, { click = false, licence = "" } = {}) {
  const path = `/${pages.size}.html`;
  pages.set(path, `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>x</title></head><body><h1>A shop</h1>${body}</body></html>`);
  const runs = [];
  for (let run = 0; run < RUNS; run++) runs.push(await once(path, click));
  const of = (key) => median(runs.map((r) => r[key]));
  console.error(name, runs.map((r) => Math.round(r.script)).join(" "));
  return { name, licence, bytes: of("bytes"), requests: of("requests"), script: Math.round(of("script")), task: Math.round(of("task")) };
}

const tag = `<script async src="${origin}/widget.js" data-site="weight"></script>`;
const rows = [
  await weigh("(empty page)", ""),
  await weigh("**Xiaoer**, what a page pays", tag, { licence: "Apache-2.0" }),
  await weigh("**Xiaoer**, after the click", tag, { click: true, licence: "Apache-2.0" }),
];
for (const [name, version, body] of OTHERS) {
  try {
    const licence = unpack(name, version);
    rows.push(await weigh(`${name} ${version}`, body, { licence }));
  } catch (error) {
    console.error(`${name} left out: ${error.message.split("\n")[0]}`);
  }
}
await browser.close();
server.close();
rmSync(room, { recursive: true, force: true });

const line = (r) => `| ${r.name} | ${r.bytes.toLocaleString("en")} | ${r.requests} | ${r.script} | ${r.task} | ${r.licence} |`;
writeFileSync(
  join(root, "docs/widget_weight.md"),
  `# What chat widgets weigh

Made by \`node scripts/widget_weight.mjs\`: each is embedded as its own README says, on an otherwise empty page. Bytes are what the page
fetched from us, after \`gzip -9\`; requests are all that the page made, the page itself left out; times are CPU time in milliseconds at
${SLOWDOWN}x slowdown, median of ${RUNS}, headless Chromium on ${cpus().length} cores, everything on one machine. Good for the order of things, not for promises: ours are
in \`web/budgets.json\` and tested.

| widget | bytes gz | requests | script ms | task ms | licence |
| --- | ---: | ---: | ---: | ---: | --- |
${rows.map(line).join("\n")}

The others do things ours does not, and some load their chat from elsewhere only when it is opened; ours holds both languages, cards,
ratings, forms and the transcript within what is counted or in files of a few kilobytes that come when they are needed.
`,
);
