// The worst days of a connection: whatever happens, every message is there once and in order, on both sides.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bites, check, equal, linesOf, openLab, pause, root as project, say, shopPage, shot, tag, until } from "./widget_lab.mjs";
import { Fake, scenes } from "./widget_fake.mjs";
import { boxFaults } from "./widget_rules.mjs";

const lab = await openLab();
/** How long is waited for what should happen; not long for what is meant to fail. */
let patience = 15_000;
const root = "xiaoer-widget";

async function visit(context, html = shopPage(tag(lab.base)), open = true) {
  const page = lab.watch(await context.newPage(), "shop");
  page.setDefaultTimeout(patience);
  await page.goto(lab.write(html));
  await page.locator(`${root} .launcher`).waitFor();
  if (!open) return page;
  await page.locator(`${root} .launcher`).click();
  await page.locator(`${root} .who.open`).waitFor();
  return page;
}

/** What the server holds, read by another connection with the customer's own token. */
const held = (page, kept = null) =>
  page.evaluate(
    ([base, given]) =>
      new Promise((done, fail) => {
        const saved = given ?? JSON.parse(localStorage.getItem("xiaoer:t"));
        const socket = new WebSocket(`${base.replace("http", "ws")}/v1/chat`);
        let head = Infinity;
        const lines = [];
        setTimeout(() => fail(new Error("the server's side was not read")), 10_000);
        socket.onopen = () => socket.send(JSON.stringify({ type: "hello", v: 1, ...saved, after: 0 }));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data);
          if (frame.type === "welcome") head = frame.head;
          if (frame.type !== "events") return;
          for (const item of frame.items) {
            const side = { customer_said: "mine", bot_said: "theirs", agent_said: "theirs" }[item.type];
            if (side) lines.push(`${side} ${item.text.split("\n")[0].replace(/^- /, "")}`);
          }
          if (frame.to >= head) {
            socket.close();
            done(lines);
          }
        };
      }),
    [lab.base, kept],
  );

/** Nothing is under way any more: no message waits, and the bot has answered. */
async function settled(page) {
  await until(async () => (await page.locator(`${root} .unsent`).count()) === 0 && (await page.locator(`${root} .who.open`).count()) === 1, "all sent", 40_000);
  let before = -1;
  await until(async () => {
    const now = (await linesOf(page)).length;
    const still = now === before;
    before = now;
    if (!still) await pause(900);
    return still;
  }, "quiet", 40_000);
}
const mine = (lines) => lines.filter((line) => line.startsWith("mine ")).map((line) => line.slice(5));

/** The one thing that has to be true after everything below. */
async function same(page, written) {
  await settled(page);
  const shown = await linesOf(page);
  equal(mine(shown), written, "what the customer sees of their own");
  equal(shown, await held(page), "what the customer sees, and what the server holds");
}

await check("server killed in the middle of messages, and started again on its data", async () => {
  const page = await visit(await lab.context());
  const written = [];
  for (let n = 1; n <= 12; n++) {
    await say(page, `kill ${n}`);
    written.push(`kill ${n}`);
    if (n === 5) await lab.server.kill();
    if (n === 9) void lab.server.start();
    await pause(60);
  }
  await same(page, written);
  await page.reload();
  await page.locator(`${root} .launcher`).click();
  await same(page, written);
  await page.context().close();
});

await check("a minute without network, while writing and sending", async () => {
  const context = await lab.context();
  const page = await visit(context);
  await page.clock.install();
  await say(page, "before");
  await settled(page);
  await context.setOffline(true);
  await page.locator(`${root} .banner`).waitFor();
  const written = ["before"];
  for (const text of ["tunnel 1", "tunnel 2", "tunnel 3"]) {
    await say(page, text);
    written.push(text);
    await page.clock.fastForward(20_000);
  }
  await page.locator(`${root} .composer textarea`).fill("half a thou");
  equal(await page.locator(`${root} .unsent`).count(), 3, "waiting");
  await shot(page, "chaos-offline");
  await context.setOffline(false);
  await same(page, written);
  equal(await page.locator(`${root} .composer textarea`).inputValue(), "half a thou", "the half-written one");
  await context.close();
});

await check("two tabs of one customer, writing in turns", async () => {
  const context = await lab.context();
  const one = await visit(context);
  const two = await visit(context);
  const written = [];
  for (let n = 1; n <= 6; n++) {
    await say(n % 2 ? one : two, `tab ${n}`);
    written.push(`tab ${n}`);
    await until(async () => mine(await linesOf(one)).length === n && mine(await linesOf(two)).length === n, `message ${n} in both`);
  }
  await same(one, written);
  await same(two, written);
  await context.close();
});

await check("two tabs with the same unsent messages, on a server that comes back", async () => {
  const context = await lab.context();
  const one = await visit(context);
  await say(one, "first");
  await settled(one);
  await lab.server.kill();
  await say(one, "unsent 1");
  await say(one, "unsent 2");
  const two = await visit(context, undefined, false);
  await two.locator(`${root} .launcher`).click();
  await until(async () => (await two.locator(`${root} .unsent`).count()) === 2, "the other tab's unsent messages");
  await say(two, "unsent 3");
  await lab.server.start();
  await settled(two);
  await same(one, ["first", "unsent 1", "unsent 2", "unsent 3"]);
  await same(two, ["first", "unsent 1", "unsent 2", "unsent 3"]);
  await context.close();
});

await check("two tabs opened at the same moment become one conversation", async () => {
  const context = await lab.context();
  const pages = await Promise.all([visit(context), visit(context)]);
  await until(async () => (await Promise.all(pages.map((p) => p.locator(`${root} .who.open`).count()))).every(Boolean), "both open");
  await pause(800);
  await say(pages[0], "from one");
  await until(async () => mine(await linesOf(pages[1])).length === 1, "the other sees it");
  await context.close();
});

await check("fifty reconnects while writing", async () => {
  const context = await lab.context();
  const page = await visit(context);
  const written = [];
  for (let n = 1; n <= 50; n++) {
    await say(page, `cut ${n}`);
    written.push(`cut ${n}`);
    await pause((n * 7) % 45);
    lab.door.cut();
    await until(async () => (await page.locator(`${root} .who.open`).count()) === 1, "back", 20_000);
  }
  await same(page, written);
  await context.close();
});

await check("storage is blocked", async () => {
  const context = await lab.context();
  await context.addInitScript(() => {
    for (const name of ["localStorage", "sessionStorage"]) {
      Object.defineProperty(window, name, { get: () => { throw new DOMException("denied", "SecurityError"); } });
    }
  });
  const page = await visit(context);
  const hello = new Promise((done) => page.once("websocket", (ws) => ws.on("framesent", ({ payload }) => done(JSON.parse(payload)))));
  await say(page, "without storage");
  await settled(page);
  lab.door.cut();
  const { conversation, token, after } = await hello;
  if (!conversation || !token || !after) throw new Error("it does not resume from memory");
  await say(page, "still here");
  await settled(page);
  equal(mine(await linesOf(page)), ["without storage", "still here"]);
  equal(await linesOf(page), await held(page, { conversation, token }));
  await context.close();
});

await check("a page that is hostile in its styles and its base", async () => {
  const hostile = `<base href="https://elsewhere.example/"><style>
    body * { all: unset !important; display: none !important; }
    xiaoer-widget { transform: scale(0) !important; opacity: 0 !important; position: static !important; color: red !important; font: 60px serif !important; }
    button, textarea, header, form { position: fixed !important; left: 0; background: red !important; }
    :root { --ink: red; --paper: red; --accent: lime; --field: red; }</style>`;
  const looks = [];
  for (const head of ["", hostile]) {
    const context = await lab.context();
    const fake = await new Fake().attach(context);
    const page = await visit(context, shopPage(tag(lab.base), { head }));
    fake.push({ ...scenes.order("en"), at: Date.UTC(2026, 10, 24, 4) });
    await page.locator(`${root} .card`).waitFor();
    await page.locator(`${root} .composer textarea`).evaluate((el) => el.blur());
    await pause(300);
    equal(await boxFaults(page), []);
    looks.push((await page.locator(`${root} .panel > header`).screenshot()).toString("base64") + (await page.locator(`${root} .log`).screenshot()).toString("base64"));
    if (head) await shot(page, "chaos-hostile");
    await context.close();
  }
  if (looks[0] !== looks[1]) throw new Error("the page's styles changed the widget's look");
});

await check("back and forward: the page comes out of the browser's cache", async () => {
  const { chromium } = createRequire(join(project, "web/package.json"))("playwright-core");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const context = await browser.newContext();
  await context.addInitScript(() => addEventListener("pageshow", (e) => (window.cached = e.persisted)));
  const page = await visit(context);
  await say(page, "here");
  await settled(page);
  const address = page.url();
  await page.goto(lab.write(shopPage("")));
  // Not goBack: it waits for a load, and a page out of the cache does not load.
  await page.evaluate(() => history.back());
  await until(() => page.url() === address, "back");
  if (!(await page.evaluate(() => window.cached))) throw new Error("the page was loaded anew: something keeps it out of the cache");
  await page.locator(`${root} .who.open`).waitFor();
  await say(page, "and back");
  await same(page, ["here", "and back"]);
  await browser.close();
});

async function twice() {
  const context = await lab.context();
  const fake = await new Fake().attach(context);
  const page = await visit(context);
  fake.push(scenes.customer("en"), scenes.agent("en"));
  const again = { type: "events", from: 1, to: 2, items: fake.items };
  fake.send(again);
  fake.send({ type: "events", from: 2, to: 2, items: fake.items.slice(1) });
  fake.items.push({ seq: 3, at: 3, type: "bot_said", text: "overlaps" });
  fake.send({ type: "events", from: 2, to: 3, items: fake.items.slice(1) });
  fake.items.push({ seq: 4, at: 4, type: "bot_said", text: "missed" }, { seq: 5, at: 5, type: "bot_said", text: "after the hole" });
  fake.send({ type: "events", from: 5, to: 5, items: fake.items.slice(4) });
  await page.getByText("after the hole").waitFor();
  equal(await linesOf(page), ["mine How long do refunds take?", "theirs Hello, let me look into it.", "theirs overlaps", "theirs missed", "theirs after the hole"]);
  await context.close();
}
await check("frames that come twice, overlap, or leave a hole", twice);

async function ackLost() {
  const context = await lab.context();
  const fake = await new Fake().attach(context);
  const page = await visit(context);
  const { said } = Fake.prototype;
  fake.said = (ws, frame) => {
    fake.items.push({ seq: fake.items.length + 1, at: Date.now(), type: "customer_said", cid: frame.cid, text: frame.text });
    fake.said = said;
    return fake.drop();
  };
  await say(page, "once");
  await page.locator(`${root} .mine:not(.unsent)`).waitFor();
  await until(async () => (await page.locator(`${root} .unsent`).count()) === 0, "sent", patience);
  equal(fake.items.length, 1);
  equal(await linesOf(page), ["mine once"]);
  await context.close();
}
await check("an acknowledgement is lost: sent again, there once", ackLost);

async function busy() {
  const context = await lab.context();
  const fake = await new Fake().attach(context);
  const page = await visit(context);
  const { said } = Fake.prototype;
  let refusals = 3;
  fake.said = (ws, frame) => {
    if (refusals-- > 0) return ws.send(JSON.stringify({ type: "error", code: "busy", message: "", cid: frame.cid, retry_after_ms: 150 }));
    return said.call(fake, ws, frame);
  };
  for (const text of ["one", "two", "three"]) await say(page, text);
  await until(() => fake.items.length === 3, "all three", patience);
  equal(fake.items.map((i) => i.text), ["one", "two", "three"]);
  await context.close();
}
await check("a busy server: held back, then sent, and nothing overtakes", busy);

async function outlives() {
  const context = await lab.context();
  const fake = await new Fake().attach(context);
  const page = await visit(context);
  fake.said = () => {};
  await say(page, "kept");
  await until(() => fake.told("say").length === 1, "sent", patience);
  await page.reload();
  delete fake.said;
  await page.locator(`${root} .launcher`).click();
  await until(() => fake.items.length === 1, "sent again", patience);
  equal(new Set(fake.told("say").map((f) => f.cid)).size, 1, "one cid");
  fake.said = (ws, { cid }) => ws.send(JSON.stringify({ type: "error", code: "bad_text", message: "", cid }));
  await say(page, "refused");
  await page.locator(`${root} .retry.failed`).waitFor();
  await shot(page, "chaos-refused");
  delete fake.said;
  await page.locator(`${root} .retry.failed`).click();
  await until(() => fake.items.length === 2, "sent with a new cid", patience);
  equal(await linesOf(page), ["mine kept", "mine refused"]);
  await context.close();
}
await check("the outbox outlives the page; a refused message says so and goes on a tap", outlives);

await check("the conversation is gone: a new one begins, what was unsent goes with it", async () => {
  const context = await lab.context();
  const fake = await new Fake().attach(context);
  const page = await visit(context);
  fake.push(scenes.customer("en"));
  await page.locator(`${root} .mine`).waitFor();
  fake.items = [];
  fake.conversation = "c-new";
  fake.welcome = (ws, hello) => {
    if (hello.conversation && hello.conversation !== "c-new") {
      ws.send(JSON.stringify({ type: "error", code: "unknown_conversation", message: "" }));
      return ws.close({ code: 1008 });
    }
    return Fake.prototype.welcome.call(fake, ws, hello);
  };
  await fake.drop();
  await say(page, "hello again");
  await until(() => fake.items.length === 1, "in the new one");
  await page.locator(`${root} .mine:not(.unsent)`).waitFor();
  equal(await linesOf(page), ["mine hello again"]);
  await context.close();
});

// ---- the same, with a widget broken on purpose

const { build } = createRequire(join(project, "web/package.json"))("esbuild");
const { sheets } = await import(join(project, "web/sheets.mjs"));

/** The app with one line of its sources changed. */
async function broken(file, from, to) {
  const plugin = {
    name: "broken",
    setup: ({ onLoad }) =>
      onLoad({ filter: new RegExp(`${file}$`) }, async ({ path }) => {
        const text = readFileSync(path, "utf8");
        if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
        return { contents: text.replace(from, to), loader: "ts" };
      }),
  };
  const { outputFiles } = await build({
    absWorkingDir: join(project, "web"), entryPoints: ["widget/app.tsx"], bundle: true, write: false, format: "esm", target: "es2022",
    jsx: "automatic", jsxImportSource: "preact", plugins: [plugin, sheets], outfile: "app.js",
  });
  return outputFiles.find((f) => f.path.endsWith(".js")).text;
}
for (const [name, scenario, ...change] of [
  ["shows frames that come twice", twice, "connection.ts", "frame.items.filter((item) => item.seq > this.cursor)", "frame.items"],
  ["gives a resent message a new cid", ackLost, "connection.ts", "const { cid, text, choice, form, photos } = m;", "const { text, choice, form, photos } = m, cid = newId();"],
  ["does not wait for an acknowledgement", busy, "connection.ts", "this.flying = m.cid;", "this.flying = null; this.outbox.change(m.cid, { acked: true }); queueMicrotask(() => this.pump());"],
  ["keeps no outbox", outlives, "outbox.ts", "this.shelf.set(START + kept.cid, kept);", ""],
]) {
  await bites(`a widget that ${name}`, async () => {
    const app = await broken(...change);
    lab.handle = (req, res) => {
      if (!req.url.startsWith("/widget/app.js")) return false;
      return res.writeHead(200, { "content-type": "text/javascript", "access-control-allow-origin": "*" }).end(app);
    };
    try {
      patience = 2_500;
      await scenario();
      return [];
    } catch (error) {
      return [error.message];
    } finally {
      lab.handle = null;
      patience = 15_000;
    }
  });
}
await check("no console error anywhere", async () => equal(lab.problems, []));
await lab.end();
