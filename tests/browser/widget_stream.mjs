// The real server without WebSocket, from a shop's page on another origin: frames by POST, answers as a stream,
// one customer on two devices, a picture that is sent and seen. Nothing stands between browser and server.
import { createHmac } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, equal, linesOf, openLab, pause, root as project, say, shopPage, tag, until } from "./widget_lab.mjs";

const SECRET = "a secret of tests, long enough for one";
const folder = mkdtempSync(join(tmpdir(), "xiaoer-stream-"));
const shopFile = join(folder, "shop.yaml");
cpSync(join(project, "knowledge_base"), folder, { recursive: true });
process.env.XIAOER_KNOWLEDGE_BASE = folder;
process.env.XIAOER_IDENTITY_SECRET = SECRET;

const lab = await openLab();
const root = "xiaoer-widget";
const server = `http://127.0.0.1:${lab.server.port}`;

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
function identityOf(sub) {
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub, exp: Math.floor(Date.now() / 1000) + 300 })}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

/** A browser of its own; `streams`: where no WebSocket gets through. */
async function device({ attributes = "", streams = true } = {}) {
  const context = await lab.context();
  const asked = [];
  if (streams) await context.routeWebSocket(/\/v1\/chat$/, (ws) => ws.close({ code: 1011 }));
  const page = lab.watch(await context.newPage(), "stream");
  page.on("request", (r) => asked.push(`${r.method()} ${new URL(r.url()).pathname}`));
  await page.goto(lab.write(shopPage(tag(server, attributes))));
  await page.locator(`${root} .launcher`).click();
  await page.locator(`${root} .who.open`).waitFor({ timeout: 30_000 });
  return { context, page, asked };
}
const mine = (lines) => lines.filter((line) => line.startsWith("mine ")).map((line) => line.slice(5));
const answered = async (page, count) => until(async () => (await linesOf(page)).filter((line) => line.startsWith("theirs ")).length >= count, `${count} answers`, 30_000);
const saved = (page) => page.evaluate(() => JSON.parse(localStorage.getItem("xiaoer:t")));
const asCustomer = async (page, path) => {
  const { conversation, token } = await saved(page);
  return fetch(`${server}${path}?conversation=${conversation}`, { headers: { authorization: `Bearer ${token}` } });
};

await check("an origin that is not in shop.yaml gets nothing; a saved shop.yaml lets it in", async () => {
  const hello = () => fetch(`${server}/v1/frames`, { method: "POST", headers: { origin: lab.shop }, body: JSON.stringify({ type: "hello", v: 1 }) });
  equal((await hello()).status, 403);
  writeFileSync(shopFile, readFileSync(shopFile, "utf8").replace("origins: []", `origins: ["${lab.shop}"]`));
  await until(async () => (await hello()).headers.get("access-control-allow-origin") === lab.shop, "the origin is let in");
});

await check("the whole conversation by requests and a stream", async () => {
  const { page, context, asked } = await device();
  await say(page, "how long do refunds take");
  await answered(page, 1);
  for (let n = 1; n <= 3; n++) await say(page, `by post ${n}`);
  await until(async () => mine(await linesOf(page)).length === 4, "all said");
  equal(mine(await linesOf(page)), ["how long do refunds take", "by post 1", "by post 2", "by post 3"]);
  if (!asked.includes("POST /v1/frames") || !asked.includes("GET /v1/events")) throw new Error("it went some other way");
  await until(async () => (await page.locator(`${root} .unsent`).count()) === 0, "all sent");
  const text = await (await asCustomer(page, "/v1/transcript")).text();
  equal([...text.matchAll(/Customer: (.*)/g)].map((m) => m[1]), mine(await linesOf(page)), "what the server holds");
  await page.reload();
  await page.locator(`${root} .launcher`).click();
  await until(async () => mine(await linesOf(page)).length === 4, "all there after a reload", 30_000);
  await context.close();
});

await check("the server is killed and started again: nothing is lost, nothing is twice there", async () => {
  const { page, context } = await device();
  const written = [];
  for (let n = 1; n <= 6; n++) {
    await say(page, `kill ${n}`);
    written.push(`kill ${n}`);
    if (n === 2) await lab.server.kill();
    if (n === 4) void lab.server.start();
    await pause(100);
  }
  await until(async () => (await page.locator(`${root} .unsent`).count()) === 0 && mine(await linesOf(page)).length === 6, "all sent", 60_000);
  equal(mine(await linesOf(page)), written);
  await context.close();
});

await check("one customer on two devices, one of them without WebSocket", async () => {
  const attributes = `data-identity="${identityOf("C001")}"`;
  const phone = await device({ attributes });
  await say(phone.page, "from the phone");
  await answered(phone.page, 1);
  const laptop = await device({ attributes, streams: false });
  await until(async () => mine(await linesOf(laptop.page)).includes("from the phone"), "the laptop has it");
  equal((await saved(laptop.page)).conversation, (await saved(phone.page)).conversation);
  await say(laptop.page, "from the laptop");
  for (const { page } of [phone, laptop]) {
    await until(async () => mine(await linesOf(page)).length === 2, "both in both");
    equal(mine(await linesOf(page)), ["from the phone", "from the laptop"]);
  }
  if (laptop.asked.includes("GET /v1/events")) throw new Error("the laptop has a socket");
  const other = await device({ attributes: `data-identity="${identityOf("C002")}"` });
  equal(mine(await linesOf(other.page)), []);
  for (const { context } of [phone, laptop, other]) await context.close();
});

await check("a picture is sent, and seen by the customer and in the console; what is none is not", async () => {
  const { page, context } = await device();
  const bytes = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
  const input = page.locator(`${root} input[type=file]`);
  await input.setInputFiles([{ name: "a.png", mimeType: "image/png", buffer: bytes }]);
  await page.locator(`${root} .mine .photos`).waitFor();
  await until(async () => (await page.locator(`${root} .unsent`).count()) === 0, "sent");
  await input.setInputFiles([{ name: "b.png", mimeType: "image/png", buffer: Buffer.from("<html>") }]);
  await page.locator(`${root} .left.over`).waitFor();

  const login = await fetch(`${server}/console/api/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ account: "admin", password: lab.server.password }),
  });
  const cookie = login.headers.get("set-cookie").split(";")[0];
  const { conversation } = await saved(page);
  const id = await page.evaluate(async ([base, { conversation: own, token }]) => {
    const stream = await fetch(`${base}/v1/events?conversation=${own}&after=0`, { headers: { authorization: `Bearer ${token}` } });
    const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      text += (await reader.read()).value;
      const found = text.match(/"photos":\["([0-9a-f]+)"\]/);
      if (found) return reader.cancel().then(() => found[1]);
    }
  }, [server, await saved(page)]);
  for (const answer of [await asCustomer(page, `/v1/files/${id}`), await fetch(`${server}/console/api/files/${conversation}/${id}`, { headers: { cookie } })]) {
    equal(answer.headers.get("content-type"), "image/png");
    equal(Buffer.from(await answer.arrayBuffer()).equals(bytes), true, "byte for byte");
  }
  equal((await fetch(`${server}/console/api/files/${conversation}/${id}`)).status, 401);
  await context.close();
});
await check("no console error but the browser's own word of the refused file", async () => equal(lab.problems.filter((text) => !text.includes("status of 415")), []));
rmSync(folder, { recursive: true, force: true });
await lab.end();
