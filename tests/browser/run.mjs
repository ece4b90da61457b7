// The real binary in a real browser: a shopper asks, an agent takes over and gives back.
// SHOTS=DIR also writes screenshots of every state.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const root = new URL("../..", import.meta.url).pathname;
const { chromium } = createRequire(join(root, "web/package.json"))("playwright-core");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const binary = process.env.XIAOER_BINARY ?? join(target, "debug/xiaoer");
const data = mkdtempSync(join(tmpdir(), "xiaoer-browser-"));
const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

const server = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--data", data], { cwd: root });
let told = "";
server.stderr.on("data", (bytes) => (told += bytes));
for (let tries = 0; !told.includes("  data "); tries++) {
  if (tries > 600 || server.exitCode !== null) throw new Error(`the server did not open:\n${told}`);
  await pause(100);
}
const base = told.match(/http:\/\/[\d.]+:\d+/)[0];
const password = told.match(/shown once\) (\S+)/)[1];

let passed = 0;
const failed = [];
const problems = [];
async function check(name, work) {
  try {
    await work();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed.push(name);
    console.log(`FAIL ${name}\n     ${String(error.message ?? error).split("\n").slice(0, 6).join("\n     ")}`);
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("console", (m) => m.type() === "error" && !m.text().includes("401") && problems.push(`${path}: ${m.text()}`));
  page.on("pageerror", (e) => problems.push(`${path}: ${e.message}`));
  await page.goto(base + path);
  return page;
}
const shot = async (page, name) => shots && (await page.screenshot({ path: join(shots, `${name}.png`) }));
async function say(page, text) {
  await page.locator("textarea").fill(text);
  await page.locator("textarea").press("Enter");
}

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const zh = await open("/demo?lang=zh", { locale: "zh-CN" });

await check("widget: opens with a welcome", async () => {
  await shot(zh, "demo-zh");
  await zh.locator(".launcher").click();
  await zh.getByText("自动客服").first().waitFor();
  await shot(zh, "open-zh");
});
await check("widget: asks for the order number, then tells its real state", async () => {
  await say(zh, "我的订单到哪了");
  await zh.locator(".theirs").getByText("订单号").first().waitFor();
  await say(zh, "QM2026110312");
  await zh.locator(".card").getByText("运输中").waitFor();
  await zh.locator(".card").getByText("快件到达武汉转运中心").waitFor();
  await shot(zh, "order-zh");
});
await check("widget: Enter while choosing Chinese characters sends nothing", async () => {
  const before = await zh.locator(".mine").count();
  await zh.locator("textarea").fill("半句");
  await zh.locator("textarea").dispatchEvent("keydown", { key: "Enter", keyCode: 229, isComposing: true });
  await pause(200);
  if ((await zh.locator(".mine").count()) !== before) throw new Error("half a message was sent");
  await zh.locator("textarea").fill("");
});

const en = await open("/demo?lang=en", { ...PHONE, locale: "en-GB", colorScheme: "dark" });
await check("widget: answers with its source, on a dark phone", async () => {
  await shot(en, "demo-en-phone-dark");
  await en.locator(".launcher").click();
  await shot(en, "open-en-phone-dark");
  await say(en, "how long do refunds take");
  await en.locator(".source summary").waitFor();
  await en.locator(".source summary").click();
  const said = await en.locator(".theirs .bubble > p").last().innerText();
  const marked = await en.locator(".source mark").allInnerTexts();
  if (marked.length === 0 || !marked.every((sentence) => said.includes(sentence))) {
    throw new Error(`marked ${JSON.stringify(marked)} of ${said}`);
  }
  await shot(en, "answer-en-phone-dark");
});
await check("article page: opens from the source, safe and readable, in both languages", async () => {
  const [page] = await Promise.all([en.context().waitForEvent("page"), en.locator(".source .whole").click()]);
  page.on("pageerror", (e) => problems.push(`article: ${e.message}`));
  await page.locator("h1").waitFor();
  await shot(page, "article-en-phone-dark");
  await page.locator("header a[lang=zh]").click();
  await page.locator("html[lang=zh-CN] h1").waitFor();
  await page.locator("xiaoer-widget .launcher").waitFor();
  await shot(page, "article-zh-phone-dark");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (wide) throw new Error("the page scrolls sideways");
  await page.close();
  const desktop = await open("/articles/en/shipping-cost", { locale: "en-GB" });
  await desktop.locator("h1").waitFor();
  await shot(desktop, "article-en");
  // Not through `open`: the browser calls the 404 an error, and here it is what is wanted.
  const lost = await browser.newPage();
  const gone = await lost.goto(`${base}/articles/en/nothing-here`);
  if (gone.status() !== 404) throw new Error(`status ${gone.status()}`);
  await lost.locator("h1").waitFor();
  await shot(lost, "article-gone-en");
  await lost.close();
});

for (const [lang, options, words] of [
  ["zh", { locale: "zh-CN" }, ["帮我取消订单", "QM2026112240", "8421", "不需要了", "我说错了，是下错单了", "登记号"]],
  ["en", { ...PHONE, locale: "en-GB", colorScheme: "dark" }, ["please cancel my order", "QM2026112294", "8402", "no longer wanted", "sorry, I meant by mistake", "cancelled"]],
]) {
  await check(`task: an order is cancelled after a correction and a yes, ${lang}`, async () => {
    const page = await open(`/demo?lang=${lang}`, options);
    await page.locator(".launcher").click();
    const bot = page.locator(".theirs");
    await say(page, words[0]);
    await bot.nth(0).waitFor();
    // Two messages in a row are one turn.
    await say(page, words[1]);
    await say(page, words[2]);
    await page.locator(".choices button").nth(4).waitFor();
    await shot(page, `task-reason-${lang}`);
    await say(page, words[3]);
    await page.locator(".choices button").nth(1).waitFor();
    await say(page, words[4]);
    await bot.getByText(lang === "zh" ? "拍错了" : "Ordered by mistake").first().waitFor();
    await shot(page, `task-confirm-${lang}`);
    await page.locator(".choices button").first().click();
    await page.locator(".card").last().getByText(lang === "zh" ? "已登记" : "Registered").waitFor();
    await bot.getByText(words[5]).last().waitFor();
    await shot(page, `task-done-${lang}`);
    await page.close();
  });
}

const agent = await open("/console?lang=zh", { locale: "zh-CN" });
await check("console: logs in", async () => {
  await shot(agent, "login-zh");
  await agent.locator("input[name=account]").fill("admin");
  await agent.locator("input[name=password]").fill("wrong");
  await agent.locator("button.main").click();
  await agent.getByText("账号或密码不对").waitFor();
  await agent.locator("input[name=password]").fill(password);
  await agent.locator("button.main").click();
  await agent.getByRole("tab").first().waitFor();
  await shot(agent, "console-empty-zh");
});
await check("handoff: it appears, an agent claims and replies, the shopper sees it", async () => {
  await say(zh, "转人工");
  await zh.getByText("第 1 位").or(zh.getByText("现在不是人工服务时间，")).first().waitFor();
  await shot(zh, "queue-zh");
  await agent.locator(".row").first().click();
  await shot(agent, "console-waiting-zh");
  await agent.locator("header button.main").click();
  await agent.locator(".reply textarea").fill("您好，我来帮您看看");
  await agent.locator(".reply .send").click();
  await zh.getByText("您好，我来帮您看看").waitFor();
  await shot(zh, "with-agent-zh");
  await shot(agent, "console-mine-zh");
});
await check("handoff: the bot stays silent until resolve, then answers again", async () => {
  const before = await zh.locator(".theirs").count();
  await say(zh, "退款多久到账");
  await agent.locator(".log").getByText("退款多久到账").waitFor();
  await pause(800);
  if ((await zh.locator(".theirs").count()) !== before) throw new Error("the bot spoke over the agent");
  await agent.locator("header button", { hasText: "结束会话" }).click();
  await agent.locator("dialog .choice").first().click();
  await zh.getByText("本次人工服务已结束").waitFor();
  await say(zh, "退款多久到账");
  await zh.locator(".source").last().waitFor();
  await shot(zh, "resolved-zh");
});
await check("widget: the conversation is there after a reload", async () => {
  await zh.reload();
  await zh.locator(".launcher").click();
  await zh.getByText("您好，我来帮您看看").waitFor();
});
await check("widget: Esc closes and gives the focus back", async () => {
  await zh.locator("textarea").press("Escape");
  const focused = await zh.evaluate(() => document.querySelector("xiaoer-widget").shadowRoot.activeElement?.className);
  if (!focused?.includes("launcher")) throw new Error(`focus is on ${focused}`);
});
await check("pages: chat page, English console, no console errors", async () => {
  const chat = await open("/chat", { ...PHONE, locale: "zh-CN" });
  await chat.getByText("自动客服").first().waitFor();
  await shot(chat, "chat-zh-phone");
  const login = await open("/console?lang=en", { locale: "en-GB", colorScheme: "dark" });
  await login.getByText("Password").waitFor();
  await shot(login, "login-en-dark");
  if (problems.length) throw new Error(problems.join("\n"));
});

await browser.close();
server.kill("SIGTERM");
rmSync(data, { recursive: true, force: true });
console.log(`${passed} passed, ${failed.length} failed`);
process.exit(failed.length ? 1 : 0);
