// The door window.Xiaoer: calls, events, context, consent, identity, badges.
import { check, equal, linesOf, openLab, pause, say, shot, tag, until } from "./widget_lab.mjs";
import { Fake, scenes, toolsOf } from "./widget_fake.mjs";

const lab = await openLab({ real: false });
const root = "xiaoer-widget";
const { visit, box, xiaoer, inside } = toolsOf(lab);

await check("door: calls before the script came are carried out; events; off", async () => {
  const body = `<script>
    window.Xiaoer = window.Xiaoer || function () { (Xiaoer.calls = Xiaoer.calls || []).push(arguments); };
    window.seen = [];
    for (const name of ["ready", "open", "close", "message", "sent", "handoff", "agent-joined", "queue", "unread", "error"]) {
      Xiaoer("on", name, (detail) => seen.push([name, detail]));
      document.addEventListener("xiaoer:" + name, (e) => (window.dom = (window.dom || 0) + 1));
    }
    Xiaoer("prefill", "about my order");
  </script>`;
  const { page, fake } = await visit({ body, open: false });
  await until(async () => (await box(page).count()) && (await box(page).inputValue()) === "about my order", "prefilled");
  await box(page).press("Enter");
  await until(() => fake.told("say").length === 1, "sent");
  fake.push({ type: "handoff_requested", reason: "asked" }, scenes.joined("en"), scenes.agent("en"));
  fake.signal({ kind: "queue", place: 1, open: true });
  await until(() => page.evaluate(() => seen.some(([name]) => name === "queue")), "events");
  await xiaoer(page, "close");
  const names = await page.evaluate(() => seen.map(([name]) => name));
  for (const name of ["ready", "open", "sent", "handoff", "agent-joined", "message", "close"]) if (!names.includes(name)) throw new Error(`${name} is missing in ${names}`);
  equal(await page.evaluate(() => JSON.stringify(seen).includes("Hello")), false, "no text goes to the page");
  equal(await page.evaluate(() => window.dom === seen.length), true, "the same as DOM events");
  const off = await page.evaluate(() => {
    let count = 0;
    const stop = window.Xiaoer("on", "open", () => count++);
    window.Xiaoer("open");
    stop();
    window.Xiaoer("close");
    window.Xiaoer("open");
    return count;
  });
  equal(off, 1);
});
await check("door: send, hide, show, toggle, theme, locale", async () => {
  const { page, fake } = await visit({ open: false });
  await xiaoer(page, "send", "from the page");
  await until(() => fake.told("say")[0]?.text === "from the page", "sent");
  await xiaoer(page, "hide");
  equal(await page.locator(root).isVisible(), false);
  await xiaoer(page, "show");
  await xiaoer(page, "toggle");
  await box(page).waitFor();
  await xiaoer(page, "theme", "dark");
  equal(await page.locator(root).getAttribute("dark"), "");
  await xiaoer(page, "locale", "zh-CN");
  await page.getByText("转人工").waitFor();
});
await check("door: the context of the page goes with hello and follows it; a product can be asked about", async () => {
  const { page, fake } = await visit({ attributes: 'data-product="Q-KT01"', open: false });
  await xiaoer(page, "context", { product: { id: "Q-KT01", title: "Pour-over kettle", price: "¥329" }, cart: [{ id: "Q-TN02", quantity: 2 }, "Q-HP03"] });
  await inside(page, ".launcher").click();
  await inside(page, ".about").waitFor();
  await until(() => fake.told("hello").length === 1, "hello");
  await shot(page, "talk-about");
  equal(fake.told("hello")[0].page, { product: "Q-KT01", cart: "Q-TN02*2,Q-HP03" });
  await inside(page, ".about .small").click();
  equal(fake.told("say")[0].text, "I have a question about Pour-over kettle (Q-KT01)");
  equal(await inside(page, ".about").count(), 0);
  await xiaoer(page, "context", { order: "QM2026110312" });
  await until(() => fake.told("page").length > 0, "told");
  equal(fake.told("page").pop().page, { product: "Q-KT01", order: "QM2026110312", cart: "Q-TN02*2,Q-HP03" });
});
await check("door: a second tag does nothing, destroy leaves nothing, a new tag begins anew", async () => {
  const { page, fake } = await visit({ body: "" });
  const add = () =>
    page.evaluate((src) => new Promise((done) => document.body.append(Object.assign(document.createElement("script"), { src, onload: done, async: true }))), `${lab.base}/widget.js`);
  await add();
  equal(await page.locator(root).count(), 1);
  await xiaoer(page, "destroy");
  equal(await page.locator(root).count(), 0);
  await until(() => fake.sockets.size === 0, "the socket is closed");
  await xiaoer(page, "open");
  await add();
  await box(page).waitFor();
  equal(await page.locator(root).count(), 1, "the call that waited was carried out");
});
await check("door: a page that swaps its body keeps the chat", async () => {
  const { page } = await visit();
  await box(page).fill("half");
  await page.evaluate(() => {
    const fresh = document.createElement("body");
    fresh.append("another page");
    document.body.replaceWith(fresh);
  });
  await page.locator(root).waitFor();
  equal(await box(page).inputValue(), "half");
});
await check("consent: nothing is connected and nothing is kept before it is given", async () => {
  const { page, fake, context } = await visit({ attributes: "data-consent=manual", open: false, setup: (context) => context.addInitScript(() => {
    window.touched = 0;
    for (const name of ["getItem", "setItem", "removeItem"]) {
      const real = Storage.prototype[name];
      Storage.prototype[name] = function (...args) {
        window.touched += 1;
        return real.apply(this, args);
      };
    }
  }) });
  await pause(300);
  equal(await page.evaluate(() => window.touched), 0, "storage before the click");
  await inside(page, ".launcher").click();
  await inside(page, ".consent .main").waitFor();
  equal(fake.frames.length, 0, "frames before consent");
  equal(await page.evaluate(() => localStorage.length), 0);
  await inside(page, ".consent .main").click();
  await inside(page, ".who.open").waitFor();
  equal(await page.evaluate(() => localStorage.getItem("xiaoer:t") !== null), true);
  const again = lab.watch(await context.newPage(), "again");
  await again.goto(page.url());
  await inside(again, ".launcher").click();
  await box(again).waitFor();
  await xiaoer(again, "consent", false);
  await inside(again, ".consent .main").waitFor();
  equal(await again.evaluate(() => Object.keys(localStorage)), [], "withdrawn");
});
await check("consent: given by the page's own banner", async () => {
  const { page, fake } = await visit({ attributes: "data-consent=manual", open: false });
  await xiaoer(page, "consent", true);
  await inside(page, ".launcher").click();
  await inside(page, ".who.open").waitFor();
  equal(fake.told("hello").length, 1);
});

// ---- who it is

const jwt = (sub) => `e30.${Buffer.from(JSON.stringify({ sub })).toString("base64url")}.x`;
await check("identity: a callback is asked for a fresh token when one has run out", async () => {
  const { page, fake } = await visit({ setup: (context, fake) => {
    fake.welcome = (ws, hello) => {
      if (hello.identity === "old") {
        ws.send(JSON.stringify({ type: "error", code: "bad_identity", message: "" }));
        return ws.close({ code: 1008 });
      }
      return Fake.prototype.welcome.call(fake, ws, hello);
    };
  }, open: false });
  await page.evaluate(() => {
    let count = 0;
    window.Xiaoer("identify", async () => (count++ ? "fresh" : "old"));
    window.Xiaoer("open");
  });
  await inside(page, ".who.open").waitFor();
  equal(fake.told("hello").map((h) => h.identity), ["old", "fresh"]);
});
await check("identity: somebody else signs in, and sees nothing of the one before", async () => {
  const { page, fake } = await visit({ open: false });
  await xiaoer(page, "identify", { token: jwt("C001") });
  await inside(page, ".launcher").click();
  await inside(page, ".who.open").waitFor();
  await say(page, "secret of the first");
  await inside(page, ".mine:not(.unsent)").waitFor();
  fake.conversation = "c-second";
  fake.items = [];
  await xiaoer(page, "identify", { token: jwt("C002") });
  await until(() => fake.told("hello").length === 2, "said anew");
  equal(fake.told("hello")[1].conversation, undefined);
  await until(async () => (await linesOf(page)).length === 0, "empty");
});
await check("identity: another device of the same customer goes on where the first one stopped", async () => {
  const { page, fake } = await visit({ open: false });
  fake.push(scenes.customer("en"), scenes.agent("en"));
  await xiaoer(page, "identify", { token: jwt("C001") });
  await inside(page, ".launcher").click();
  await inside(page, ".agent").waitFor();
  equal((await linesOf(page)).length, 2);
});
await check("identity: reset on one tab clears the other", async () => {
  const { page, fake, context } = await visit();
  await say(page, "mine");
  const other = lab.watch(await context.newPage(), "other");
  await other.goto(page.url());
  await inside(other, ".launcher").click();
  await until(async () => (await linesOf(other)).length === 1, "both have it");
  fake.conversation = "c-2";
  fake.items = [];
  await xiaoer(page, "reset");
  for (const tab of [page, other]) await until(async () => (await linesOf(tab)).length === 0, "cleared");
});
await check("unread: a badge while closed, and on the next page", async () => {
  const { page, fake } = await visit();
  await say(page, "hello");
  await inside(page, ".mark").waitFor();
  await inside(page, ".close").click();
  fake.push(scenes.agent("en"));
  await inside(page, ".badge").getByText("1").waitFor();
  await page.reload();
  await inside(page, ".badge").getByText("1").waitFor();
  equal(await inside(page, ".launcher").getAttribute("aria-label"), "Open chat, 1 unread");
  await shot(page, "talk-badge");
  await inside(page, ".launcher").click();
  equal(await inside(page, ".badge").count(), 0);
});
await check("nudge: only a badge, and only when asked for", async () => {
  const { page } = await visit({ attributes: "data-nudge=0.2", open: false });
  await inside(page, ".badge").waitFor();
  equal(await inside(page, ".panel").count(), 0);
});

await check("no console error anywhere", async () => equal(lab.problems, []));
await lab.end();
