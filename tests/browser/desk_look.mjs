// Every state of the console, in both languages and themes, on a desk and on a phone: axe finds nothing, nothing is
// cut off or sticks out. And a whole shift without a mouse. SHOTS=DIR keeps the pictures.
import { PDF, alwaysOpen, askedLine, byHand, check, comeIn, equal, faults, fileOf, guest, openBrowser, openShop, openSystem, pause, picture, rowOf, say, shot, sitDown, until, view } from "./desk_lab.mjs";
import { bites } from "./widget_lab.mjs";

const lab = await openBrowser();
const shop = await openShop({ edit: { "shop.yaml": alwaysOpen, "handoff.yaml": (text) => byHand(text).replace("lost_s: 2", "lost_s: 45") } });
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const VARIANTS = [
  { lang: "zh", colorScheme: "light" },
  { lang: "en", colorScheme: "dark" },
  { lang: "zh", colorScheme: "dark", ...PHONE },
  { lang: "en", colorScheme: "light", ...PHONE },
];

/** A shopper who has talked to the bot and now waits. */
async function waiting(words) {
  const page = await comeIn(lab, shop.base, { lang: "en" });
  await say(page, "how long do refunds take");
  await page.locator("xiaoer-widget .source").first().waitFor();
  await say(page, "I want to talk to a person");
  await page.locator("xiaoer-widget .note").first().waitFor();
  await say(page, words);
  await page.locator("xiaoer-widget .log").getByText(words).waitFor();
  return page;
}

for (const { lang, ...options } of VARIANTS) {
  const phone = !!options.isMobile;
  const tag = `${lang}-${options.colorScheme}${phone ? "-phone" : ""}`;
  const words = `my mug arrived broken (${tag})`;
  const shopper = await waiting(words);
  const page = await sitDown(lab, shop.base, "boss", { lang, ...options });
  const state = (name, work) =>
    check(`console ${tag}: ${name}`, async () => {
      await work();
      await pause(250);
      await shot(page, `console-${name}-${tag}`);
      equal(await faults(page), [], name);
    });
  const dialog = (name, key) =>
    state(name, async () => {
      await page.keyboard.press(key);
      await page.locator("dialog").waitFor();
    });
  const closed = async () => {
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
  };
  await state("empty", () => view(page, "snoozed"));
  await state("waiting", async () => {
    await view(page, "waiting");
    await rowOf(page, words).click();
    await page.locator(".talk .said").first().waitFor();
  });
  await state("mine", async () => {
    await page.locator(".talk header button.main").click();
    await page.locator(".reply textarea").waitFor();
    await page.locator(".why summary").first().click();
  });
  await state("canned", async () => {
    await page.locator(".reply textarea").fill("/");
    await page.locator(".phrases li").first().waitFor();
  });
  await state("said", async () => {
    await page.locator(".reply textarea").fill("Hello, let me look.");
    await page.locator(".reply textarea").press("Enter");
    await page.locator(".said.agent", { hasText: "let me look" }).waitFor();
  });
  await state("attached", async () => {
    const chart = await picture(page, "teal");
    await page.locator("input[type=file]").setInputFiles([fileOf("size chart of all mugs and cups, autumn.png", chart), fileOf("manual.pdf", PDF), fileOf("notes.txt", "x")]);
    await page.locator(".trouble", { hasText: "notes.txt" }).waitFor();
    await until(async () => (await page.locator(".held:not(.busy)").count()) === 2, "both are up");
  });
  await state("dropping", async () => {
    const held = await page.evaluateHandle(() => {
      const held = new DataTransfer();
      held.items.add(new File(["x"], "x.png", { type: "image/png" }));
      return held;
    });
    await page.dispatchEvent(".talk .log", "dragover", { dataTransfer: held });
    await page.locator(".drop-here").waitFor();
  });
  await page.dispatchEvent(".talk", "dragleave", {});
  await state("files-sent", async () => {
    await page.locator(".reply .send").click();
    await page.locator(".said.agent:not(.faint) .photos img").first().waitFor();
    await page.locator(".said.agent:not(.faint) .photos a", { hasText: /2$/ }).waitFor();
  });
  await state("note", async () => {
    await page.keyboard.press("Alt+p");
    await page.locator(".composer.to-note textarea").fill("Please look @");
    await page.locator(".phrases li").first().waitFor();
  });
  await page.locator(".reply textarea").fill("");
  await page.keyboard.press("Alt+l");
  await say(shopper, "can you go lower on the price?");
  for (const panel of ["customer", "assist", "notes", "history"]) {
    await state(`panel-${panel}`, async () => {
      if (!(await page.locator(`#tab-${panel}`).isVisible())) await page.locator(".panel-switch").click();
      await page.locator(`#tab-${panel}`).click();
      // What the shop's people read is in their language, whatever the customer spoke.
      if (panel === "customer") await page.getByText(lang === "zh" ? "诉求：" : "Wish:").first().waitFor();
      // For their eyes only: nothing that could be put into the field.
      if (panel === "assist") {
        await page.locator("article.suggestion.internal", { hasText: lang === "zh" ? "95 折" : "95 %" }).waitFor();
        equal(await page.locator("button.suggestion.internal").count(), 0);
      }
    });
  }
  if (await page.locator(".panel-close").isVisible()) await page.locator(".panel-close").click();
  for (const [name, key] of [["transfer", "Alt+t"], ["resolve", "Alt+e"], ["snooze", "Alt+m"], ["labels", "Alt+g"], ["search", "Control+k"]]) {
    await dialog(name, key);
    await closed();
  }
  if (phone) await page.locator(".back").click();
  for (const n of [0, 1, 2, 3]) {
    const button = page.locator(".pages button").nth(n);
    if (!(await button.count())) break;
    await state(`page-${n}`, async () => {
      await button.click();
      await page.locator("main.page").waitFor();
    });
  }
  await view(page, "people");
  await state("offline", async () => {
    await page.context().setOffline(true);
    await page.evaluate(() => dispatchEvent(new Event("offline")));
    await page.locator("p.offline").waitFor({ timeout: 2_000 }).catch(() => {});
  });
  await page.context().setOffline(false);
  await shopper.context().close();
  await page.context().close();
}

const QUESTION = { zh: "顾客想把陶瓷马克杯的价格从 59 元讲到 50 元，同意吗？", en: "The customer would like the ceramic mug for 50 instead of 59 CNY. Is that all right?" };
const question = (more) => ({ asked: 3, question: QUESTION, until: Date.now() + 270_000, supervisor: false, ...more });

for (const { lang, ...options } of VARIANTS) {
  const tag = `${lang}-${options.colorScheme}${options.isMobile ? "-phone" : ""}`;
  const words = `how long do refunds take (asked ${tag})`;
  const shopper = await comeIn(lab, shop.base, { lang: "en" });
  await say(shopper, words);
  await shopper.locator("xiaoer-widget .source").first().waitFor();
  const asked = askedLine();
  const page = await sitDown(lab, shop.base, "lin", { lang, line: asked.line, ...options });
  const group = page.locator(".offers .row");
  const card = page.locator(".approval");
  const state = (name, work) =>
    check(`console ${tag}: ${name}`, async () => {
      await work();
      await pause(250);
      await shot(page, `console-${name}-${tag}`);
      equal(await faults(page), [], name);
    });
  await state("asked-list", async () => {
    await view(page, "bot");
    await until(() => asked.state.row, "the board");
    asked.ask(question());
    await group.first().waitFor();
    equal(await group.locator(".badge").innerText(), lang === "zh" ? "等您同意" : "Needs your yes");
    await until(async () => /^\(\d+\)/.test(await page.title()), "it counts in the title");
  });
  await state("asked", async () => {
    await group.first().click();
    await page.locator(".talk .said").first().waitFor();
    await card.locator("textarea").fill(lang === "zh" ? "就这一次" : "This once");
    // The first leaves the field, the second the conversation; what was written is there again.
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await card.waitFor({ state: "detached" });
    await group.first().click();
    equal(await card.locator("textarea").inputValue(), lang === "zh" ? "就这一次" : "This once");
    equal(await card.locator(".question").innerText(), QUESTION[lang]);
  });
  await state("asked-sent", async () => {
    await page.keyboard.press("Alt+y");
    await card.locator("button.strong:disabled").waitFor();
    await until(() => asked.state.decided, "it was sent");
    const { asked: which, yes, note } = asked.state.decided;
    equal({ which, yes, note }, { which: 3, yes: true, note: lang === "zh" ? "就这一次" : "This once" });
  });
  await state("asked-gone", async () => {
    asked.refuse("gone", "May");
    await page.locator(".refusal", { hasText: "May" }).waitFor();
    await card.locator("button.strong:enabled").waitFor();
  });
  await state("asked-thread", async () => {
    const at = asked.state.head + 1;
    asked.tell([
      { type: "approval_asked", flow: "bargain", question: QUESTION, until: Date.now() + 1_000 },
      { type: "approval_given", asked: at, account: "may", agent: "May", yes: true, note: "This once" },
      { type: "approval_asked", flow: "bargain", question: QUESTION, until: Date.now() + 1_000 },
      { type: "approval_given", asked: at + 2, account: "may", agent: "May", yes: false },
      { type: "approval_asked", flow: "bargain", question: QUESTION, supervisor: true, until: Date.now() + 1_000 },
      { type: "approval_closed", asked: at + 4, cause: "withdrawn" },
      { type: "approval_asked", flow: "bargain", question: QUESTION, until: Date.now() + 1_000 },
      { type: "approval_closed", asked: at + 6, cause: "late" },
    ]);
    // Without a name the events tell why it is gone.
    asked.refuse("gone");
    await page.locator(".refusal", { hasText: lang === "zh" ? "太晚了" : "Too late" }).waitFor();
    await card.locator("textarea").focus();
    asked.ask(null);
    await card.waitFor({ state: "detached" });
    equal(await page.evaluate(() => document.activeElement.id), "talk", "the focus stays in the conversation");
    equal(await page.locator(".happened.approval_asked").count(), 4);
    equal(await page.locator(".happened.approval_given, .happened.approval_closed").count(), 4);
  });
  await state("asked-leads", async () => {
    await page.locator(".refusal .icon-only").click();
    asked.ask(question({ asked: 4, supervisor: true }));
    await card.waitFor();
    equal(await card.locator("button, textarea").count(), 0, "only a supervisor may");
    equal(await group.count(), 0, "it asks nothing of this agent");
  });
  await shopper.context().close();
  await page.context().close();
}

await check("console: a question rings once, and only for who may answer it", async () => {
  const shopper = await comeIn(lab, shop.base);
  await say(shopper, "how long do refunds take");
  await shopper.locator("xiaoer-widget .source").first().waitFor();
  const asked = askedLine();
  const page = await sitDown(lab, shop.base, "lin", { line: asked.line });
  await until(() => asked.state.row, "the board");
  // Somebody who allowed notifications and looks elsewhere.
  await page.evaluate(() => {
    window.rung = [];
    window.Notification = class {
      static permission = "granted";
      constructor(title) {
        window.rung.push(title);
      }
      close() {}
    };
    document.hasFocus = () => false;
  });
  const presence = (state) => asked.send({ type: "agents", agents: [{ account: "lin", name: "小林", role: "agent", teams: [], state, load: 0, capacity: 20 }] });
  asked.ask(question());
  asked.ask(question({ until: Date.now() + 200_000 }));
  asked.ask(question({ asked: 5, supervisor: true }));
  presence("away");
  asked.ask(question({ asked: 6 }));
  presence("busy");
  asked.ask(question({ asked: 6, until: Date.now() + 200_000 }));
  asked.ask(null);
  asked.ask(question({ asked: 9 }));
  await until(async () => (await page.evaluate(() => window.rung.length)) >= 2, "it rings");
  // The last frame is drawn, so everything before it was heard.
  await page.locator(".offers .row").waitFor();
  equal(await page.evaluate(() => window.rung), ["The bot needs your yes", "2 things need you"]);
  await shopper.context().close();
  await page.context().close();
});

await check("console: the transcript by e-mail is not offered where the shop cannot", async () => {
  const shopper = await waiting("no mail here");
  const page = await sitDown(lab, shop.base, "boss");
  await view(page, "waiting");
  await rowOf(page, "no mail here").click();
  await page.getByLabel("More", { exact: true }).click();
  await page.getByRole("menuitem", { name: "Download transcript" }).waitFor();
  equal(await page.getByRole("menuitem", { name: /email/ }).count(), 0);
  await page.context().close();
  await shopper.context().close();
});
for (const { lang, ...options } of [VARIANTS[0], VARIANTS[1], VARIANTS[3]]) {
  const tag = `${lang}-${options.colorScheme}${options.isMobile ? "-phone" : ""}`;
  await check(`console ${tag}: the transcript by e-mail`, async () => {
    const answers = [];
    const posted = [];
    const system = await openSystem((path, body) => {
      if (path !== "/transcript") return [404, {}];
      posted.push(body);
      return answers.shift();
    });
    const mails = await openShop({ edit: { "shop.yaml": (text) => `${alwaysOpen(text)}connector: { url: "${system.base}", transcript: true }\n`, "handoff.yaml": byHand } });
    await guest(mails.base, [
      { type: "say", cid: "cid-00000001", text: "Talk to a person", choice: "intent:human_agent" },
      { type: "contact", contact: "zhang.san@mail.example" },
    ]);
    const page = await sitDown(lab, mails.base, "lin", { lang, ...options });
    const words = lang === "zh"
      ? { more: "更多", item: "把聊天记录发到邮箱", bad: "请填写一个邮箱地址", unknown: "不清楚有没有发出", sent: "已发往 lin@shop.example" }
      : { more: "More", item: "Send transcript by email", bad: "Please give an email address", unknown: "Nobody knows", sent: "On its way to lin@shop.example" };
    await view(page, "waiting");
    await page.locator(".pane .row").first().click();
    await page.getByLabel(words.more, { exact: true }).click();
    await page.getByRole("menuitem", { name: words.item }).click();
    const field = page.locator("dialog input");
    equal(await field.inputValue(), "zhang.san@mail.example", "the contact that the customer left");
    const look = async (name) => {
      await pause(250);
      await shot(page, `console-mail-${name}-${tag}`);
      equal(await faults(page), [], name);
    };
    const refusal = (text) => page.locator("dialog .error", { hasText: text }).waitFor();
    await look("prefilled");
    await field.fill("zhang");
    await field.press("Enter");
    await refusal(words.bad);
    equal(posted, [], "what is no address goes nowhere");
    await field.fill("lin@shop.example");
    for (const [answer, text] of [
      [[201, { state: "refused", reason: "No mail reaches this address" }], "No mail reaches this address"],
      [[500, {}], words.unknown],
    ]) {
      answers.push(answer);
      await field.press("Enter");
      await refusal(text);
    }
    await look("unknown");
    answers.push([201, { state: "done" }]);
    await field.press("Enter");
    await page.locator("dialog [role=status]", { hasText: words.sent }).waitFor();
    await look("sent");
    equal(await page.evaluate(() => document.activeElement.matches("dialog .form-end button")), true, "the focus stays in the dialog");
    equal(posted.map((letter) => letter.to), Array(3).fill("lin@shop.example"));
    equal(posted[2].lang, lang);
    await page.keyboard.press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await page.context().close();
    await mails.end();
    await system.end();
  });
}

await check("console: a whole shift without a mouse", async () => {
  const [first, second] = [await waiting("shift one"), await waiting("shift two")];
  const context = await lab.browser.newContext({ viewport: { width: 1280, height: 720 }, locale: "en-GB" });
  const page = lab.watch(await context.newPage(), "keys");
  page.mouse.click = page.mouse.down = () => {
    throw new Error("no mouse here");
  };
  await page.goto(`${shop.base}/console?lang=en`);
  await page.locator("input[name=account]").waitFor();
  // The field for the account has the focus.
  await page.keyboard.type("lin");
  await page.keyboard.press("Tab");
  await page.keyboard.type("correct horse battery");
  await page.keyboard.press("Enter");
  await page.getByRole("tab").first().waitFor();
  const keys = async (...pressed) => {
    for (const key of pressed) await page.keyboard.press(key);
  };
  // To the queue with the arrows of the tabs, then through the list.
  await page.locator(".nav[aria-selected=true]").focus();
  for (let n = 0; n < 8 && !(await page.locator("#view-waiting[aria-selected=true]").count()); n++) await keys("ArrowDown");
  await page.locator("#view-waiting[aria-selected=true]").waitFor();
  const heads = async (words) => {
    for (let n = 0; n < 30; n++) {
      await keys("Alt+j");
      await pause(150);
      if (await page.locator(".talk .log", { hasText: words }).count()) return;
    }
    throw new Error(`${words} was not reached`);
  };
  await heads("shift one");
  await keys("Alt+a");
  await page.locator(".reply textarea").waitFor();
  await keys("Alt+l");
  await page.keyboard.type("Hello from the keyboard");
  await keys("Enter");
  await first.locator("xiaoer-widget .log").getByText("Hello from the keyboard").waitFor();
  await page.keyboard.type("/");
  await page.locator(".phrases li").first().waitFor();
  await keys("ArrowDown", "Enter");
  await until(async () => (await page.locator(".reply textarea").inputValue()).length > 5, "a canned reply");
  await keys("Control+a", "Delete", "Alt+p");
  await page.keyboard.type("a note");
  await keys("Enter");
  await page.locator(".said.noted", { hasText: "a note" }).waitFor();
  await keys("Alt+g");
  await page.locator("dialog").waitFor();
  await keys("Space", "Enter");
  if (await page.locator("dialog").count()) await keys("Escape");
  await keys("Alt+m");
  await page.locator("dialog").waitFor();
  await keys("Enter");
  await page.locator(".happened.snoozed").waitFor();
  await keys("Alt+m");
  await page.locator("dialog").waitFor();
  await keys("Escape", "Control+k");
  await page.locator("dialog input").waitFor();
  await keys("Escape", "Alt+t");
  await page.locator("dialog").waitFor();
  await keys("Escape", "Alt+e");
  await page.locator("dialog").waitFor();
  await keys("Enter");
  await page.locator(".happened.resolved").waitFor();
  await page.evaluate(() => document.activeElement.blur());
  await keys("?");
  await page.locator(".sheet").waitFor();
  await keys("Escape");
  await page.locator(".nav[aria-selected=true]").focus();
  for (let n = 0; n < 8 && !(await page.locator("#view-waiting[aria-selected=true]").count()); n++) await keys("ArrowDown");
  await heads("shift two");
  await keys("Alt+a");
  await page.locator(".reply textarea").waitFor();
  await keys("Alt+b");
  await page.locator(".happened.handed_back").waitFor();
  await first.context().close();
  await second.context().close();
  await context.close();
});

await bites("a console that sticks out and says nothing to a screen reader", async () => {
  const page = await sitDown(lab, shop.base, "may");
  await page.evaluate(() => {
    const wide = Object.assign(document.createElement("button"), { className: "wide" });
    wide.style.cssText = "width: 3000px; height: 30px; flex: none";
    document.querySelector("[role=tablist]").parentElement.append(wide);
  });
  const found = await faults(page);
  return found.some((f) => f.includes("wide")) && found.some((f) => f.startsWith("button-name")) ? found : [];
});
await check("console: no page complained", () => {
  if (lab.problems.length) throw new Error([...new Set(lab.problems)].join("\n"));
});
await lab.browser.close();
await shop.end();
const { tally } = await import("./widget_lab.mjs");
tally();
