// 200 open conversations and 20 agents, one of them in a real browser: how long a click takes, how long a frame, and
// whether the server's memory stays flat. MINUTES=30 is the claim; 2 without it. Prints figures, asserts none.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { alwaysOpen, byHand, openBrowser, openShop, pause, sitDown, until, view } from "./desk_lab.mjs";
import { root } from "./widget_lab.mjs";

const { ws: WebSocket } = createRequire(join(root, "web/package.json"))("playwright-core/lib/utilsBundle");
const [AGENTS, SHOPPERS] = [20, 200];
const minutes = Number(process.env.MINUTES ?? 2);
/** Every shopper says something about so often, and is answered. */
const SAY_MS = 12_000;

const names = Array.from({ length: AGENTS }, (_, n) => `agent${n}:Agent ${n}:agent`);
const shop = await openShop({ edit: { "shop.yaml": alwaysOpen, "handoff.yaml": (text) => byHand(text).replace("lost_s: 2", "lost_s: 45") }, agents: names });
const lab = await openBrowser();
const cid = () => crypto.randomUUID();

function socketOf(path, headers, hear) {
  const socket = new WebSocket(shop.base.replace("http", "ws") + path, { headers });
  const waiting = [];
  const closed = new Promise((_, fail) => socket.on("close", (code) => fail(new Error(`${path} closed with ${code}`))));
  closed.catch(() => {});
  socket.on("error", () => {});
  socket.on("message", (data) => {
    const frame = JSON.parse(data);
    hear?.(frame);
    for (let n = waiting.length - 1; n >= 0; n--) if (waiting[n].test(frame)) waiting.splice(n, 1)[0].done(frame);
  });
  return {
    open: new Promise((done) => socket.on("open", done)),
    send: (frame) => socket.send(JSON.stringify(frame)),
    next: (test) => Promise.race([closed, new Promise((done) => waiting.push({ test, done }))]),
    end: () => socket.close(),
  };
}

async function shopperOf() {
  const socket = socketOf("/v1/chat");
  await socket.open;
  const welcome = socket.next((f) => f.type === "welcome");
  socket.send({ type: "hello", v: 1, locale: "en-GB" });
  const { conversation } = await welcome;
  const handed = socket.next((f) => f.items?.some((i) => i.type === "handoff_requested"));
  socket.send({ type: "say", cid: cid(), text: "I want to talk to a person" });
  await handed;
  return { ...socket, conversation };
}

async function agentOf(n) {
  const answer = await fetch(`${shop.base}/console/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ account: `agent${n}`, password: "correct horse battery" }),
  });
  const cookie = answer.headers.get("set-cookie").split(";")[0];
  const socket = socketOf("/v1/console", { cookie });
  await socket.open;
  return socket;
}

const times = { claim: [], reply: [], watch: [], delivered: [] };
async function timed(kind, work) {
  const began = performance.now();
  await work();
  times[kind].push(performance.now() - began);
}
const done = (agent, id, test) => agent.next((f) => f.conversation === id && (test(f) || f.type === "error"));

const shoppers = [];
for (let n = 0; n < SHOPPERS; n++) shoppers.push(await shopperOf());
const agents = [];
for (let n = 1; n < AGENTS; n++) agents.push(await agentOf(n));
for (const [n, { conversation: id }] of shoppers.slice(10).entries()) {
  const agent = agents[n % agents.length];
  shoppers[n + 10].agent = agent;
  await timed("claim", async () => {
    const over = done(agent, id, (f) => f.type === "done");
    agent.send({ type: "claim", conversation: id });
    await over;
  });
}
console.log(`${SHOPPERS} conversations, ${AGENTS} agents`);

const page = await sitDown(lab, shop.base, "agent0");
await view(page, "people");
await until(async () => (await page.locator("#view-people .count, #view-people").first().innerText()).includes(String(SHOPPERS)), "the whole board");
await page.evaluate(() => {
  window.frames = [];
  window.clicks = [];
  let last = performance.now();
  const frame = (now) => {
    window.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
});

const rss = () => Number(readFileSync(`/proc/${shop.pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const end = Date.now() + minutes * 60_000;
let over = false;
async function talk(shopper) {
  await pause(Math.random() * SAY_MS);
  while (!over) {
    const [id, said, answered] = [shopper.conversation, cid(), cid()];
    if (shopper.agent) {
      await timed("delivered", async () => {
        const heard = shopper.next((f) => f.type === "ack" && f.cid === said);
        shopper.send({ type: "say", cid: said, text: `hello ${said.slice(0, 4)}` });
        await heard;
      });
      await timed("reply", async () => {
        const kept = done(shopper.agent, id, (f) => f.type === "ack" && f.cid === answered);
        shopper.agent.send({ type: "reply", conversation: id, cid: answered, text: "one moment please" });
        await kept;
      });
    } else {
      shopper.send({ type: "say", cid: said, text: "still waiting" });
    }
    await pause(SAY_MS * (0.5 + Math.random()));
  }
}
const talks = shoppers.map(talk);

/** A click in the list until the conversation stands there, as the browser sees it. */
async function clickAround() {
  while (!over) {
    const took = await page.evaluate(async () => {
      const rows = [...document.querySelectorAll(".pane .row:not(.here)")];
      const row = rows[Math.floor(Math.random() * rows.length)];
      if (!row) return null;
      // Each conversation has a log of its own, so the old one cannot be taken for it.
      const old = document.querySelector(".talk .log");
      const began = performance.now();
      row.click();
      while (performance.now() - began < 5_000) {
        await new Promise(requestAnimationFrame);
        const log = document.querySelector(".talk .log");
        if (log && log !== old && log.querySelector(".said")) return performance.now() - began;
      }
      return 5_000;
    });
    if (took !== null) times.watch.push(took);
    await pause(1_500);
  }
}
const clicks = clickAround();

const memory = [];
while (Date.now() < end) {
  await pause(Math.min(30_000, minutes * 6_000));
  memory.push(rss());
  console.log(`${Math.round((Date.now() - end) / 60_000 + minutes)} min: ${memory.at(-1).toFixed(1)} MiB`);
}
over = true;
const frames = await page.evaluate(() => window.frames);
await Promise.all([...talks, clicks]);
const at = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * share))]?.toFixed(1);
for (const [kind, list] of Object.entries(times)) console.log(`${kind}: n=${list.length} p50=${at(list, 0.5)} ms p95=${at(list, 0.95)} ms p99=${at(list, 0.99)} ms`);
console.log(`frames: n=${frames.length} p50=${at(frames, 0.5)} ms p95=${at(frames, 0.95)} ms over 50 ms: ${frames.filter((f) => f > 50).length}`);
const half = memory.slice(Math.floor(memory.length / 3));
console.log(`memory after the first third: ${half[0]?.toFixed(1)} to ${half.at(-1)?.toFixed(1)} MiB, most ${Math.max(...memory).toFixed(1)}`);
await lab.browser.close();
await shop.end();
process.exit(0);
