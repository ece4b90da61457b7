// Two agents, their boss and three shoppers at once, through the real binary: whoever is faster wins and the other
// is told, nothing is said twice or over another, and nobody is left behind.
import { readFileSync } from "node:fs";
import { PDF, alwaysClosed, alwaysOpen, byHand, check, comeIn, equal, fileOf, hand, openBrowser, openShop, pause, picture, rowOf, say, shot, sitDown, swift, until, view } from "./desk_lab.mjs";

const lab = await openBrowser();
const shop = await openShop({ edit: { "shop.yaml": alwaysOpen, "handoff.yaml": byHand } });
const log = (page) => page.locator("xiaoer-widget .log");
const header = (page) => page.locator(".talk header");
let [lin, may] = [await sitDown(lab, shop.base, "lin", { lang: "zh" }), await sitDown(lab, shop.base, "may")];
const shoppers = [await comeIn(lab, shop.base, { lang: "zh" }), await comeIn(lab, shop.base), await comeIn(lab, shop.base)];

async function open(page, words, name = "waiting") {
  await view(page, name);
  await rowOf(page, words).click();
  await page.locator(".talk .log").waitFor();
}
async function reply(page, text) {
  await page.locator(".reply textarea").fill(text);
  await page.locator(".reply textarea").press("Enter");
}

/** Names a price, which the bot may not decide. */
async function bargain(shopper) {
  await say(shopper, "细嘴手冲壶能便宜点吗");
  await log(shopper).getByText("标价 329 元").waitFor();
  await say(shopper, "300 元");
  await log(shopper).getByText("去问一下同事").waitFor();
}

await check("desk: three shoppers wait in order, and each is told their place", async () => {
  await say(shoppers[0], "转人工");
  await log(shoppers[0]).getByText(/第 ?1 ?位/).first().waitFor();
  await say(shoppers[0], "我是一号顾客");
  for (const [n, shopper] of shoppers.slice(1).entries()) {
    await say(shopper, "I want to talk to a person");
    await log(shopper).getByText(new RegExp(`\\b${n + 2}\\b`)).first().waitFor();
    await say(shopper, `I am shopper ${n + 2}`);
  }
  await view(lin, "waiting");
  await until(async () => (await lin.locator(".pane .row").count()) === 3, "three rows");
  await shot(lin, "desk-waiting-zh");
});

await check("desk: a claim race has one winner, and the other is told who it was", async () => {
  await open(lin, "shopper 2");
  await open(may, "shopper 2");
  const claim = (page) => header(page).locator("button.main").click({ noWaitAfter: true });
  await Promise.all([claim(lin), claim(may)]);
  const wins = async (page) => (await page.locator(".reply textarea").count()) === 1 && (await page.locator(".composer.to-reply").count()) === 1;
  await until(async () => (await log(shoppers[1]).getByText(/小林|May/).count()) > 0, "somebody joined");
  await until(async () => (await lin.locator(".refusal").count()) + (await may.locator(".refusal").count()) === 1, "one is told");
  const loser = (await lin.locator(".refusal").count()) ? lin : may;
  const winner = loser === lin ? may : lin;
  await loser.locator(".refusal", { hasText: loser === lin ? "May" : "小林" }).waitFor();
  await shot(loser, "desk-taken");
  await until(() => wins(winner), "the winner can reply");
  await reply(winner, "first and only");
  await log(shoppers[1]).getByText("first and only").waitFor();
  const joined = await log(shoppers[1]).getByText(/小林|May/).count();
  if (joined > 2) throw new Error(`joined ${joined} times`);
  // From here on it is Lin's.
  if (winner === may) {
    await may.keyboard.press("Alt+t");
    await may.locator("dialog .target", { hasText: "小林" }).click();
    await may.locator("dialog button.strong").click();
    await header(lin).locator("button.main").click();
    await lin.locator(".reply textarea").waitFor();
  }
});

await check("desk: transfer with a note; the shopper sees who comes and never the note", async () => {
  await lin.keyboard.press("Alt+t");
  await lin.locator("dialog .target", { hasText: "May" }).click();
  await lin.locator("dialog textarea").fill("wants two refunds");
  await shot(lin, "desk-transfer-zh");
  await lin.locator("dialog button.strong").click();
  await may.locator(".offer button.strong").first().click();
  await may.locator(".log").getByText("wants two refunds").waitFor();
  await reply(may, "May here");
  await log(shoppers[1]).getByText("May here").waitFor();
  if (await log(shoppers[1]).getByText("wants two refunds").count()) throw new Error("the shopper read the note");
  await shot(may, "desk-transferred");
});

await check("desk: taken over while the bot writes several parts; then it is silent", async () => {
  const page = await comeIn(lab, shop.base);
  await say(page, "how long do refunds take");
  await view(may, "bot");
  await rowOf(may, "refunds").click();
  // The bot is asked for several things at once, and the agent takes over in the middle of it.
  await say(page, "where is my order QM2026110312 and what are your opening hours");
  await header(may).locator("button.main").click();
  await log(page).getByText(/May/).first().waitFor();
  const theirs = () => page.locator("xiaoer-widget .theirs:not(.agent)").count();
  const before = await theirs();
  await say(page, "hello? where is my order?");
  await may.locator(".log").getByText("hello? where is my order?").waitFor();
  await pause(1_200);
  equal(await theirs(), before, "the bot spoke over the agent");
  await may.keyboard.press("Alt+b");
  await may.locator(".happened.handed_back").waitFor();
  await pause(600);
  equal(await theirs(), before, "the bot answered what was said to the agent");
  await say(page, "how long do refunds take");
  await until(async () => (await theirs()) > before, "the bot answers again");
  await page.context().close();
});

await check("desk: the bot asks for a yes; one says it with a note, the others see it, and the bot goes on", async () => {
  const page = await comeIn(lab, shop.base, { lang: "zh" });
  const theirs = () => page.locator("xiaoer-widget .theirs").count();
  await bargain(page);
  for (const agent of [lin, may]) {
    await agent.locator(".offers .row", { has: agent.locator(".badge") }).first().click();
    await agent.locator(".approval button.strong").waitFor();
  }
  await lin.locator(".approval textarea").fill("仅此一次，谢谢您常来");
  await shot(lin, "desk-asked-zh");
  // Elsewhere and back: the note is still there.
  await view(lin, "people");
  await lin.locator(".pane .row").first().click();
  await lin.locator(".approval").waitFor({ state: "detached" });
  await lin.locator(".offers .row").first().click();
  equal(await lin.locator(".approval textarea").inputValue(), "仅此一次，谢谢您常来");
  const before = await theirs();
  await lin.keyboard.press("Alt+y");
  for (const agent of [lin, may]) {
    await agent.locator(".approval").waitFor({ state: "detached" });
    await agent.locator(".happened.approval_given", { hasText: "仅此一次，谢谢您常来" }).waitFor();
    equal(await agent.locator(".offers .row").count(), 0, "nothing is left to decide");
  }
  await may.locator(".happened.approval_given", { hasText: "小林 said yes" }).waitFor();
  await until(async () => (await theirs()) > before, "the bot goes on");
  await shot(page, "widget-asked-zh");
  await shot(may, "desk-asked-done");
  await page.context().close();
});

await check("desk: a closed laptop gives its conversations back to the queue", async () => {
  await open(lin, "我是一号顾客");
  await header(lin).locator("button.main").click();
  await log(shoppers[0]).getByText("小林").first().waitFor();
  await lin.context().close();
  await log(shoppers[0]).getByText(/第 ?\d+ ?位/).first().waitFor();
  await shot(shoppers[0], "widget-left-zh");
  await open(may, "我是一号顾客");
  await may.locator(".happened.agent_left").waitFor();
  await header(may).locator("button.main").click();
  await reply(may, "小林有事离开，我来接着帮您");
  await log(shoppers[0]).getByText("我来接着帮您").waitFor();
});

await check("desk: an agent sends pictures; the shopper sees them, opens one, and finds them in the transcript", async () => {
  await may.locator(".reply textarea").focus();
  // The browser may take the key before it has heard that somebody waits for its chooser; then the key once more.
  let chooser;
  may.once("filechooser", (opened) => (chooser = opened));
  await until(async () => {
    await may.keyboard.press("Alt+u");
    await pause(500);
    return chooser;
  }, "the chooser opens");
  await chooser.setFiles([fileOf("尺码表.png", await picture(may, "teal")), fileOf("安装说明.pdf", PDF), fileOf("notes.txt", "words")]);
  await may.locator(".trouble", { hasText: "notes.txt" }).waitFor();
  await may.locator(".held:not(.busy)").nth(1).waitFor();
  await may.locator(".held", { hasText: "安装说明.pdf" }).locator("button").click();
  await until(async () => (await may.locator(".held").count()) === 1, "one is left");
  await may.locator(".reply textarea").press("Enter");
  const shot_ = shoppers[0].locator("xiaoer-widget .agent .shot");
  await shot_.waitFor();
  const [opened] = await Promise.all([shoppers[0].context().waitForEvent("page"), shot_.click()]);
  await until(() => opened.evaluate(() => document.images[0]?.naturalWidth === 320).catch(() => false), "the whole picture");
  await opened.close();
  await shot(shoppers[0], "widget-agent-picture-zh");
  // Dropped on the conversation, and pasted into the field.
  const blue = await picture(may, "navy");
  await hand(may, ".talk .log", "drop", "blue.png", blue);
  await may.locator(".held:not(.busy)", { hasText: "blue.png" }).waitFor();
  await hand(may, ".reply textarea", "paste", "image.png", await picture(may, "maroon"));
  await may.locator(".held:not(.busy)", { hasText: "image.png" }).waitFor();
  await shot(may, "desk-attached");
  await reply(may, "这两张也请看看");
  await until(async () => (await shot_.count()) === 3, "three pictures");
  await until(async () => (await may.locator(".said.agent:not(.faint) .photos img").evaluateAll((all) => all.filter((img) => img.naturalWidth === 320).length)) === 3, "the agent sees them as well");
  await shot(may, "desk-sent-picture");
  await shoppers[0].locator("xiaoer-widget .more > button").click();
  const [saved] = await Promise.all([shoppers[0].waitForEvent("download"), shoppers[0].locator("xiaoer-widget .menu button").first().click()]);
  equal((readFileSync(await saved.path(), "utf8").match(/\[附件\] [0-9a-f]{64}/g) ?? []).length, 3, "named in the transcript");
  // Somebody else's now: what is dropped is not taken, and the agent is told.
  await may.keyboard.press("Alt+b");
  await may.locator(".happened.handed_back").waitFor();
  await may.locator(".composer .foot").waitFor();
  await hand(may, ".talk .log", "drop", "late.png", blue);
  await may.locator(".refusal").waitFor();
  equal(await may.locator(".held").count(), 0, "nothing is taken");
  await header(may).locator("button.main").click();
  await may.locator(".reply textarea").waitFor();
});

await check("desk: resolve asks why, the shopper rates, the agent sees it", async () => {
  await may.keyboard.press("Alt+e");
  await may.locator("dialog .choice").first().click();
  await shoppers[0].locator("xiaoer-widget .stars").waitFor();
  await shot(shoppers[0], "widget-rate-zh");
  await shoppers[0].locator("xiaoer-widget .stars label").last().click();
  await shoppers[0].locator("xiaoer-widget form:has(.stars) button[type=submit], xiaoer-widget form:has(.stars) button:not([type])").first().click();
  await may.locator(".happened.rated").waitFor();
  await shot(may, "desk-rated");
});

await check("desk: the boss sees the board and steps in; whoever had it cannot write any more", async () => {
  await open(may, "shopper 3");
  await header(may).locator("button.main").click();
  await may.locator(".reply textarea").waitFor();
  const boss = await sitDown(lab, shop.base, "boss", { lang: "zh" });
  await boss.locator(".pages button").first().click();
  await boss.locator("main.page").waitFor();
  await pause(400);
  await shot(boss, "desk-board-zh");
  await boss.locator("#view-people").click();
  await rowOf(boss, "shopper 3").click();
  await header(boss).getByRole("button", { name: "接管" }).click();
  await boss.locator("dialog button.strong, dialog .choice").first().click();
  await log(shoppers[2]).getByText("店长").first().waitFor();
  await may.locator(".happened.agent_joined").last().waitFor();
  await until(async () => (await may.locator(".composer textarea").count()) === 0, "May cannot write to the shopper any more");
  await shot(may, "desk-taken-over");
  await boss.context().close();
});
await shop.end();

const night = await openShop({ edit: { "shop.yaml": alwaysClosed, "handoff.yaml": swift } });
await check("desk: at night it is said plainly, the message and an address are kept, the first agent gets it", async () => {
  const page = await comeIn(lab, night.base);
  await say(page, "I want to talk to a person");
  await page.locator("xiaoer-widget input[type=email], xiaoer-widget .contact input, xiaoer-widget form input").first().waitFor();
  await shot(page, "widget-night");
  await page.locator("xiaoer-widget form:not(.composer) input").first().fill("ann@example.com");
  await page.locator("xiaoer-widget form:not(.composer) button").last().click();
  await say(page, "my mug arrived broken");
  await log(page).getByText("my mug arrived broken").waitFor();
  const early = await sitDown(lab, night.base, "may");
  await early.locator(".offer", { hasText: "my mug arrived broken" }).waitFor();
  await shot(early, "desk-night-offer");
  await early.locator(".offer button.strong").first().click();
  await early.locator(".log").getByText("ann@example.com").first().waitFor();
});
await night.end();

await check("desk: no page complained", () => {
  if (lab.problems.length) throw new Error(lab.problems.join("\n"));
});
await lab.browser.close();
const { tally } = await import("./widget_lab.mjs");
tally();
