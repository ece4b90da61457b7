// What the widget does for the customer: keys, forms, ratings, people coming and going, a server without WebSocket.
import { PHONE, check, equal, linesOf, openLab, pause, say, shopPage, shot, tag, until } from "./widget_lab.mjs";
import { Fake, scenes, toolsOf } from "./widget_fake.mjs";

const lab = await openLab({ real: false });
const root = "xiaoer-widget";
const { visit, box, inside } = toolsOf(lab);

// ---- keys

await check("keys: Enter while characters are being chosen sends nothing, by isComposing and by 229", async () => {
  const { page, fake } = await visit();
  for (const event of [{ key: "Enter", isComposing: true }, { key: "Enter", keyCode: 229 }, { key: "Process", keyCode: 229 }]) {
    await box(page).fill("nihao");
    await box(page).evaluate((el, init) => el.dispatchEvent(new KeyboardEvent("keydown", { ...init, bubbles: true, composed: true, cancelable: true })), event);
    await pause(60);
    equal(await box(page).inputValue(), "nihao", JSON.stringify(event));
  }
  equal(fake.told("say").length, 0);
  await box(page).press("Enter");
  await until(() => fake.told("say").length === 1, "a plain Enter sends");
});
await check("keys: a real composition, committed with Enter, then sent with Enter", async () => {
  const { page, fake, context } = await visit();
  const cdp = await context.newCDPSession(page);
  await box(page).focus();
  await cdp.send("Input.imeSetComposition", { text: "ni", selectionStart: 2, selectionEnd: 2 });
  // As browsers do: the key that chooses carries 229 and isComposing.
  await cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 });
  await pause(80);
  equal(fake.told("say").length, 0, "while choosing");
  await cdp.send("Input.insertText", { text: "你好" });
  equal(await box(page).inputValue(), "你好");
  await box(page).press("Enter");
  await until(() => fake.told("say")[0]?.text === "你好", "sent whole");
});
await check("keys: Shift+Enter breaks the line, the box grows", async () => {
  const { page, fake } = await visit();
  const before = (await box(page).boundingBox()).height;
  await box(page).pressSequentially("one");
  await box(page).press("Shift+Enter");
  await box(page).pressSequentially("two");
  if ((await box(page).boundingBox()).height <= before) throw new Error("it did not grow");
  await box(page).press("Enter");
  await until(() => fake.told("say")[0]?.text === "one\ntwo", "both lines");
  equal((await box(page).boundingBox()).height, before, "small again");
});
await check("keys: Esc closes the menu, then the chat, and the focus goes back", async () => {
  const { page } = await visit();
  await inside(page, ".more > button").click();
  await page.keyboard.press("Escape");
  await until(async () => (await inside(page, ".menu").count()) === 0, "the menu is closed");
  equal(await inside(page, ".panel").count(), 1);
  await page.keyboard.press("Escape");
  await until(async () => (await inside(page, ".panel").count()) === 0, "the chat is closed");
  equal(await page.evaluate(() => document.querySelector("xiaoer-widget").shadowRoot.activeElement?.className), "launcher");
});
await check("keys: on a phone Tab stays inside the chat that covers the page", async () => {
  const { page } = await visit({ options: PHONE });
  for (let n = 0; n < 14; n++) {
    await page.keyboard.press("Tab");
    equal(await page.evaluate(() => document.activeElement.localName), root);
  }
});
await check("a phone's keyboard: the composer stays in sight", async () => {
  const { page } = await visit({ options: PHONE });
  await page.evaluate(() => {
    Object.defineProperty(visualViewport, "height", { value: 420, configurable: true });
    visualViewport.dispatchEvent(new Event("resize"));
  });
  await pause(100);
  const { y, height } = await inside(page, ".composer").boundingBox();
  if (y + height > 421) throw new Error(`the composer ends at ${y + height}`);
  await shot(page, "talk-keyboard");
});

// ---- what is filled in

await check("rating: after resolved, once, with reason and comment", async () => {
  const { page, fake } = await visit();
  fake.push(scenes.customer("en"), scenes.joined("en"), scenes.agent("en"), { type: "resolved", by: "agent" });
  // Not by the mouse: finding a place to click, it scrolls as a reader does.
  await inside(page, ".stars input").nth(3).evaluate((star) => star.click());
  await inside(page, ".chips input").nth(2).evaluate((chip) => chip.click());
  const within = (a, b) => a.y >= b.y && a.y + a.height <= b.y + b.height;
  await until(async () => within(await inside(page, ".rating .main").boundingBox(), await inside(page, ".log").boundingBox()), "the end of the form in sight", 3000);
  await inside(page, ".rating textarea").fill("thank you");
  await page.evaluate(() => window.Xiaoer("on", "csat", (d) => (window.csat = d.stars)));
  await inside(page, ".rating .main").click();
  await until(() => fake.told("rate").length === 1, "rated");
  equal(fake.told("rate")[0], { type: "rate", stars: 4, reason: "kind", comment: "thank you" });
  fake.push({ type: "rated", stars: 4 });
  await page.getByText("Thank you for the rating").waitFor();
  equal(await inside(page, ".rating").count(), 0);
  equal(await page.evaluate(() => window.csat), 4);
});
await check("rating: sent again where the connection broke in between", async () => {
  const { page, fake } = await visit();
  fake.push(scenes.customer("en"), scenes.joined("en"), { type: "resolved", by: "agent" });
  await inside(page, ".stars input").nth(0).check({ force: true });
  await inside(page, ".rating .main").click();
  await fake.drop();
  await until(() => fake.told("rate").length === 2, "twice told");
});
await check("off hours: said plainly, with the time; a contact is left", async () => {
  const { page, fake } = await visit();
  fake.push(scenes.customer("en"), { type: "handoff_requested", reason: "asked" });
  fake.signal({ kind: "queue", place: 1, open: false, opens_at: Date.now() + 3600e3 });
  await page.getByText("off duty").waitFor();
  await page.getByText("We are back").waitFor();
  await inside(page, ".contact input").fill("someone@shop.example");
  await inside(page, ".contact .main").click();
  equal(fake.told("contact"), [{ type: "contact", contact: "someone@shop.example" }]);
  fake.push({ type: "contact_left", contact: "so***@shop.example" });
  await page.getByText("so***@shop.example").waitFor();
  equal(await inside(page, ".contact").count(), 0);
});
await check("queue: place and wait; people come, leave and hand back by name", async () => {
  const { page, fake } = await visit();
  await inside(page, "button.person").click();
  equal(fake.told("say")[0].choice, "intent:human_agent");
  fake.push({ type: "handoff_requested", reason: "asked" });
  fake.signal({ kind: "queue", place: 3, wait_s: 310, open: true });
  await page.getByText("You are number 3").waitFor();
  await page.getByText("About 5 min").waitFor();
  fake.push(scenes.joined("en"));
  await inside(page, ".who").getByText("Lin").waitFor();
  equal(await inside(page, ".queue").count(), 0);
  fake.push({ type: "agent_left", agent: "Lin", cause: "lost" });
  await page.getByText("Lin has left").waitFor();
  fake.push(scenes.joined("en"), { type: "transferred", agent: "Lin" });
  await page.getByText("to a colleague").waitFor();
  fake.push(scenes.joined("en"), { type: "handed_back", agent: "Lin" });
  await inside(page, ".who").getByText("Automated assistant").waitFor();
  equal(await inside(page, "button.person").count(), 1, "a way to a person again");
});
await check("forms: what is missing is said; words for people and values for the bot", async () => {
  const { page, fake } = await visit();
  fake.push(scenes.form("en"));
  await inside(page, ".asked .main").click();
  equal(await inside(page, ".asked .wrong").count(), 2);
  await inside(page, ".asked select").selectOption("company");
  await inside(page, ".asked input").first().fill("Qimu Ltd");
  await inside(page, ".asked .main").click();
  await until(() => fake.told("say").length === 1, "sent");
  const { text, form } = fake.told("say")[0];
  equal({ text, form }, { text: "Kind: Company\nName: Qimu Ltd", form: { id: "invoice", values: { kind: "company", name: "Qimu Ltd" } } });
});
await check("cards: links only to the web, pictures only from where they may, taps are choices", async () => {
  const { page, fake } = await visit();
  const card = { kind: "product", title: "T", choices: [{ label: "Take", choice: "take:1" }] };
  fake.push({ type: "bot_said", text: "x", cards: [
    { ...card, url: "javascript:alert(1)", image: "https://elsewhere.example/p.png" },
    { ...card, url: "https://shop.example/p", image: `${lab.base}/p.png` },
  ] });
  await inside(page, ".card-acts button").first().click();
  equal(await inside(page, ".card a").count(), 1, "links");
  equal(await inside(page, ".card img").count(), 1, "pictures");
  equal(await inside(page, ".card a").getAttribute("rel"), "noopener noreferrer");
  equal(fake.told("say")[0].choice, "take:1");
});
await check("the log stays at its end, and leaves a reader who has scrolled up alone", async () => {
  const { page, fake } = await visit();
  for (let n = 0; n < 12; n++) fake.push({ ...scenes.order("en") });
  const gap = () => inside(page, ".log").evaluate((el) => Math.round(el.scrollHeight - el.scrollTop - el.clientHeight));
  await until(async () => (await inside(page, ".card").count()) === 12 && (await gap()) < 3, "at the end");
  await inside(page, ".log").evaluate((el) => el.scrollBy(0, -600));
  await pause(150);
  fake.push(scenes.agent("en"));
  await inside(page, ".newer").waitFor();
  if ((await gap()) < 400) throw new Error("it jumped");
  await inside(page, ".newer").click();
  await until(async () => (await gap()) < 3, "at the end again");
  await until(async () => (await inside(page, ".newer").count()) === 0, "nothing newer");
});
await check("markup in messages is only text", async () => {
  const { page, fake } = await visit();
  fake.push({ type: "agent_said", cid: "x", agent: "<b>Lin</b>", text: '<img src=x onerror="window.bad=1"> https://shop.example/a' });
  await page.getByText('<img src=x onerror="window.bad=1">').waitFor();
  equal(await page.evaluate(() => window.bad), undefined);
  equal(await inside(page, ".bubble a").getAttribute("href"), "https://shop.example/a");
});
await check("delivered, then read", async () => {
  const { page, fake } = await visit();
  await say(page, "hello");
  await inside(page, ".mark[aria-label=Delivered]").waitFor();
  fake.push(scenes.agent("en"));
  await inside(page, ".mark[aria-label=Read]").waitFor();
});
await check("the transcript comes as a file, from the server or, failing that, from the page", async () => {
  const { page, fake, context } = await visit();
  fake.push(scenes.customer("en"), scenes.agent("en"));
  await inside(page, ".agent").waitFor();
  const save = async () => {
    await inside(page, ".more > button").click();
    const [file] = await Promise.all([page.waitForEvent("download"), inside(page, ".menu button").first().click()]);
    const chunks = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  const own = await save();
  if (!own.includes("Lin: Hello") || !own.includes("You: How long")) throw new Error(own);
  let proof = "";
  await context.route(/\/v1\/transcript/, (route) => {
    proof = `${route.request().url().split("?")[1]} ${route.request().headers().authorization}`;
    return route.fulfill({ body: "of the server", contentType: "text/plain", headers: { "access-control-allow-origin": "*" } });
  });
  equal(await save(), "of the server");
  equal(proof, "conversation=c-fake Bearer t0ken");
});
await check("the transcript by e-mail: offered where the shop can, and told as it is", async () => {
  const without = await visit();
  await inside(without.page, ".more > button").click();
  equal(await inside(without.page, ".menu button").count(), 1, "a shop that cannot");
  const asked = [];
  const answers = [];
  const setup = (context, fake) => {
    fake.more = { ...fake.more, transcript_mail: true };
    return context.route(/\/v1\/transcript\/mail/, async (route) => {
      const request = route.request();
      const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
      if (request.method() === "OPTIONS") return route.fulfill({ status: 204, headers });
      asked.push(`${request.url().split("?")[1]} ${request.headers().authorization} ${request.postData()}`);
      const answer = await answers.shift();
      return answer ? route.fulfill({ headers, ...answer }) : route.abort();
    });
  };
  const { page, fake, context } = await visit({ setup });
  fake.push(scenes.customer("en"), scenes.agent("en"));
  await inside(page, ".more > button").click();
  await inside(page, ".menu button").nth(1).click();
  const field = inside(page, ".mail input");
  const button = inside(page, ".mail .main");
  const told = (words) => inside(page, ".mail [role=alert]").getByText(words).waitFor();
  await field.waitFor();
  equal(await field.evaluate((el) => el.getRootNode().activeElement === el), true, "the field has the focus");
  await button.click();
  await told("Please give an email address");
  await field.fill("lin@shop");
  await field.press("Enter");
  await told("Please give an email address");
  equal(await field.getAttribute("aria-invalid"), "true");
  equal(asked, [], "nothing of that is sent");
  await field.fill(" lin@shop.example ");
  let answer;
  answers.push(new Promise((done) => (answer = () => done({ json: { state: "refused", reason: "No mail reaches this address" } }))));
  await button.click();
  await inside(page, ".mail").getByText("Sending…").waitFor();
  await shot(page, "talk-mail-sending");
  await field.press("Enter");
  answer();
  await told("No mail reaches this address");
  equal(asked, ['conversation=c-fake&lang=en Bearer t0ken {"to":"lin@shop.example"}'], "a second click is none");
  for (const [given, words] of [
    [{ json: { state: "refused", reason: "" } }, "The shop did not send it to this address"],
    [{ json: { state: "slow" } }, "and was not. Please try later"],
    [{ json: { state: "unknown" } }, "We cannot tell whether it was sent"],
    [{ status: 429, json: { type: "error", code: "slow_down", retry_after_ms: 1_500_000 } }, "try again in 25 min"],
    [{ status: 503, json: { type: "error", code: "unavailable" } }, "and was not. Please try later"],
    [{ status: 400, json: { type: "error", code: "bad_field" } }, "Please give an email address"],
    [null, "We cannot tell whether it was sent"],
  ]) {
    answers.push(given);
    await button.click();
    await told(words);
  }
  await shot(page, "talk-mail-unknown");
  await context.setOffline(true);
  const before = asked.length;
  await button.click();
  await told("You are offline, and it was not sent");
  equal(asked.length, before);
  await inside(page, ".more > button").click();
  await until(async () => (await inside(page, ".menu button").count()) === 1, "nothing is offered offline");
  await page.keyboard.press("Escape");
  await context.setOffline(false);
  await inside(page, ".who.open").waitFor();
  answers.push({ json: { state: "sent" } });
  await button.click();
  await inside(page, ".mail").getByText("On its way to lin@shop.example").waitFor();
  await page.keyboard.press("Escape");
  await until(async () => (await inside(page, ".mail").count()) === 0, "closed");
  equal(await inside(page, ".panel").count(), 1, "and the chat is not");
  equal(await page.evaluate(() => document.querySelector("xiaoer-widget").shadowRoot.activeElement?.getAttribute("aria-label")), "More");
  equal(await page.evaluate(() => JSON.stringify(localStorage).includes("shop.example")), false, "the address is kept nowhere");
  // Browsers tell of every refusal, wanted or not.
  lab.problems.splice(0, lab.problems.length, ...lab.problems.filter((problem) => !/status of (400|429|503)/.test(problem)));
});
await check("the transcript by e-mail speaks traditional Chinese as well", async () => {
  const setup = (_, fake) => (fake.more = { ...fake.more, transcript_mail: true });
  const { page } = await visit({ setup, attributes: "data-locale=zh-TW" });
  await page.getByText("轉真人客服").waitFor();
  await inside(page, ".more > button").click();
  await page.getByText("寄到我的電子郵件").click();
  await page.getByText("把對話紀錄寄到電子郵件").waitFor();
  await shot(page, "talk-mail-zh-TW");
});
await check("pictures: sent by their ids where the server takes them; others refused at once", async () => {
  const setup = (context, fake) => {
    fake.more = { ...fake.more, files: { types: ["image/png"], bytes_max: 1000 } };
    return context.route(/\/v1\/files/, (route) => route.fulfill({ json: { id: "f-1" }, headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" } }));
  };
  const { page, fake } = await visit({ setup });
  const file = (name, size, mimeType = "image/png") => ({ name, mimeType, buffer: Buffer.alloc(size) });
  await inside(page, "input[type=file]").setInputFiles([file("big.png", 2000)]);
  await inside(page, ".left.over").waitFor();
  await inside(page, "input[type=file]").setInputFiles([file("a.png", 200)]);
  await until(() => fake.told("say").length === 1, "sent");
  equal(fake.told("say")[0].photos, ["f-1"]);
});
await check("voice: off by default; dictates and reads aloud where asked for", async () => {
  const setup = (context) =>
    context.addInitScript(() => {
      window.SpeechRecognition = window.webkitSpeechRecognition = class extends EventTarget {
        start() {
          const result = Object.assign([{ transcript: "where is my order" }], { isFinal: true });
          setTimeout(() => this.dispatchEvent(Object.assign(new Event("result"), { resultIndex: 0, results: [result] })), 50);
        }
        stop() {
          this.dispatchEvent(new Event("end"));
        }
      };
      window.spoken = [];
      speechSynthesis.speak = (said) => window.spoken.push(said.text);
    });
  const silent = await visit({ setup });
  equal(await silent.page.getByLabel("Dictate").count(), 0);
  const { page, fake } = await visit({ setup, attributes: "data-voice" });
  await page.getByLabel("Dictate").click();
  await until(async () => (await box(page).inputValue()) === "where is my order", "heard");
  await page.getByLabel("Listening").click();
  await page.getByLabel("Dictate").waitFor();
  await inside(page, ".more > button").click();
  await inside(page, ".menu button").nth(1).click();
  fake.push(scenes.agent("en"));
  await until(() => page.evaluate(() => window.spoken[0]?.startsWith("Hello")), "read aloud");
});

// ---- a network without WebSocket

await check("no WebSocket: frames by POST, answers as a stream", async () => {
  const context = await lab.context();
  await context.routeWebSocket(/\/v1\/chat$/, (ws) => ws.close({ code: 1011 }));
  const fake = new Fake();
  const proofs = [];
  lab.handle = (req, res) => {
    const url = new URL(req.url, lab.base);
    if (!/^\/v1\/(frames|events)$/.test(url.pathname)) return false;
    const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "authorization, content-type", "access-control-allow-methods": "POST, GET" };
    if (req.method === "OPTIONS") return res.writeHead(204, cors).end();
    proofs.push([url.pathname, req.headers.authorization ?? "", url.searchParams.get("conversation") ?? ""]);
    if (url.pathname === "/v1/events") {
      res.writeHead(200, { ...cors, "content-type": "text/event-stream" });
      const line = { send: (text) => res.write(`id: 1\r\ndata: ${text}\r\n\r\n`), close: async () => res.end() };
      fake.sockets.add(line);
      req.on("close", () => fake.sockets.delete(line));
      const after = Number(url.searchParams.get("after"));
      if (fake.items.length > after) line.send(JSON.stringify({ type: "events", from: after + 1, to: fake.items.length, items: fake.items.slice(after) }));
      return true;
    }
    let body = "";
    req.on("data", (bytes) => (body += bytes));
    req.on("end", () => {
      const frame = JSON.parse(body);
      res.writeHead(200, { ...cors, "content-type": "application/json" });
      const answer = { send: (text) => !text.includes('"events"') && res.end(text) };
      if (frame.type === "hello") return res.end(JSON.stringify(fake.welcomeFrame(frame)));
      if (frame.type !== "say") return res.end("");
      fake.frames.push(frame);
      fake.said(answer, frame);
    });
    return true;
  };
  const page = lab.watch(await context.newPage(), "stream");
  await page.goto(lab.write(shopPage(tag(lab.base))));
  await inside(page, ".launcher").click();
  await inside(page, ".who.open").waitFor({ timeout: 20_000 });
  await say(page, "by post");
  await say(page, "and again");
  await until(() => fake.items.length === 2, "said");
  fake.push(scenes.agent("en"));
  await inside(page, ".agent").waitFor();
  equal(await linesOf(page), ["mine by post", "mine and again", "theirs Hello, let me look into it."]);
  await fake.drop();
  fake.push({ type: "bot_said", text: "said while away" });
  await page.getByText("said while away").waitFor({ timeout: 20_000 });
  equal(proofs.find(([path]) => path === "/v1/events"), ["/v1/events", "Bearer t0ken", "c-fake"]);
  equal(proofs[0], ["/v1/frames", "", ""], "hello needs no proof");
  lab.handle = null;
  await context.close();
});
await check("no console error anywhere", async () => equal(lab.problems, []));
await lab.end();
