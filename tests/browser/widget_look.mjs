// How the widget looks, in every state: languages, colours, sizes, right-to-left, strict policies, zoom, no motion.
// SHOTS=DIR keeps a picture of each.
import { DESK, PHONE, bites, check, equal, openLab, pause, say, shopPage, shot, tag, until } from "./widget_lab.mjs";
import { Fake, scenes } from "./widget_fake.mjs";
import { axeFaults, boxFaults, contrastFaults, faults } from "./widget_rules.mjs";

const lab = await openLab({ real: false });
const root = "xiaoer-widget";

async function stage(options, page, headers = {}) {
  const context = await lab.context(options);
  const fake = await new Fake(page.lang === "zh-CN" ? "栖木生活" : "Qimu Living").attach(context);
  fake.more = { ...fake.more, transcript_mail: true };
  await context.route(/\/v1\/transcript\/mail/, (route) => route.fulfill({ json: { state: "sent" }, headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" } }));
  const view = lab.watch(await context.newPage(), page.name);
  await view.goto(lab.write(shopPage(tag(lab.base, `data-voice data-order="QM2026110312" ${page.attributes ?? ""}`), page), headers));
  await view.locator(`${root} .launcher`).waitFor();
  return { view, fake, context };
}

/** Every state a customer can meet, one after the other. */
const STATES = [
  ["closed", async () => {}],
  ["open", async ({ view }) => {
    await view.locator(`${root} .launcher`).click();
    await view.locator(`${root} .who.open`).waitFor();
  }],
  ["menu", async ({ view }) => view.locator(`${root} .more > button`).click()],
  ["mail", async ({ view }) => {
    await view.locator(`${root} .menu button`).nth(1).click();
    await view.locator(`${root} .mail .main`).click();
    await view.locator(`${root} .mail .wrong`).waitFor();
  }],
  ["mailed", async ({ view }) => {
    await view.locator(`${root} .mail input`).fill("somebody.with.a.long.name@mail.shop.example");
    await view.locator(`${root} .mail .main`).click();
    await view.locator(`${root} .mail [role=status]`).waitFor();
  }],
  ["answer", async ({ view, fake, lang }) => {
    await view.keyboard.press("Escape");
    fake.push(scenes.customer(lang), scenes.answer(lang));
    await view.locator(`${root} .source summary`).click();
  }],
  ["order", async ({ view, fake, lang }) => {
    fake.push(scenes.order(lang));
    await view.locator(`${root} .card .steps`).waitFor();
  }],
  ["products", async ({ view, fake, lang }) => {
    fake.push(scenes.products(lang));
    await view.locator(`${root} .carousel`).waitFor();
  }],
  ["form", async ({ view, fake, lang }) => {
    fake.push(scenes.form(lang));
    await view.locator(`${root} .asked .main`).click();
    await view.locator(`${root} .asked .wrong`).first().waitFor();
  }],
  ["typing", async ({ view, fake }) => {
    fake.signal({ kind: "typing", who: "bot", on: true });
    await view.locator(`${root} .typing`).waitFor();
  }],
  ["queue", async ({ view, fake }) => {
    fake.push({ type: "handoff_requested", reason: "asked" });
    fake.signal({ kind: "typing", who: "bot", on: false });
    fake.signal({ kind: "queue", place: 2, wait_s: 240, open: true });
    await view.locator(`${root} .queue`).waitFor();
  }],
  ["off-hours", async ({ view, fake }) => {
    fake.signal({ kind: "queue", place: 2, open: false, opens_at: Date.now() + 20 * 3600e3 });
    await view.locator(`${root} .contact .main`).click();
    await view.locator(`${root} .contact .wrong`).waitFor();
  }],
  ["agent", async ({ view, fake, lang }) => {
    fake.push(scenes.joined(lang), scenes.agent(lang), scenes.customer(lang, 2), scenes.agent(lang));
    await view.locator(`${root} .agent`).first().waitFor();
  }],
  ["files", async ({ view, fake, lang }) => {
    fake.push({ ...scenes.customer(lang, 3), photos: ["picture"] }, scenes.files(lang), scenes.file(lang, "picture"), scenes.file(lang, "gone"));
    await view.locator(`${root} .agent .shot`).nth(1).waitFor();
    await view.locator(`${root} .agent .paper`).waitFor();
    await view.locator(`${root} .agent .lost`).waitFor();
  }],
  ["rating", async ({ view, fake }) => {
    fake.push({ type: "resolved", by: "agent" });
    await view.locator(`${root} .stars label`).nth(3).click();
    await view.locator(`${root} .chips label`).nth(1).click();
  }],
  ["offline", async ({ view, fake, context }) => {
    await context.setOffline(true);
    await fake.drop();
    await view.locator(`${root} .banner .small`).waitFor();
    await say(view, "2 + 2 = 5?");
    await view.locator(`${root} .unsent`).waitFor();
  }],
];

async function walk(name, options, page, headers, only) {
  const found = [];
  const { view, fake, context } = await stage(options, { ...page, name }, headers);
  const lang = page.lang ?? "en";
  for (const [state, reach] of STATES) {
    await reach({ view, fake, context, lang });
    await pause(60);
    if (only && !only.includes(state)) continue;
    await shot(view, `${name}-${state}`);
    found.push(...(await faults(view)).map((fault) => `${state}: ${fault}`));
  }
  await context.close();
  equal(found, [], name);
}

for (const lang of ["zh-CN", "en"]) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, options] of [["phone", PHONE], ["desk", DESK]]) {
      const name = `${lang}-${colorScheme}-${size}`;
      await check(`look: ${name}`, () => walk(name, { ...options, colorScheme }, { lang }));
    }
  }
}
await check("look: right to left, phone", () => walk("rtl-phone", PHONE, { lang: "en", dir: "rtl" }));
await check("look: right to left, desk", () => walk("rtl-desk", DESK, { lang: "zh-CN", dir: "rtl" }));
await check("look: twice the size, desk", () => walk("zoom-desk", { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 }, { lang: "en" }));
await check("look: twice the size, phone", () => walk("zoom-phone", { viewport: { width: 195, height: 422 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }, { lang: "en" }));
for (const color of ["#ffd400", "#777777", "#111", "hotpink"]) {
  await check(`look: the shop's colour is ${color}`, async () => {
    for (const colorScheme of ["light", "dark"]) {
      await walk(`colour-${color.replace("#", "")}-${colorScheme}`, { colorScheme }, { lang: "en", attributes: `data-color="${color}"` }, {}, ["open", "answer", "rating"]);
    }
  });
}

const strict = (base) => ({
  "content-security-policy": `default-src 'none'; script-src ${base}; connect-src ${base} ${base.replace("http", "ws")}; img-src data:; base-uri 'none'; require-trusted-types-for 'script'`,
});
await check("look: strict content security policy and trusted types", async () => {
  await walk("csp-desk", DESK, { lang: "zh-CN" }, strict(lab.base), ["open", "order", "files", "rating", "offline"]);
});
await check("look: a policy of nonces", async () => {
  const context = await lab.context();
  await new Fake().attach(context);
  const view = lab.watch(await context.newPage(), "nonce");
  const policy = `default-src 'none'; script-src 'nonce-abc' 'strict-dynamic'; connect-src ${lab.base} ${lab.base.replace("http", "ws")}; img-src data:`;
  await view.goto(lab.write(shopPage(tag(lab.base, 'nonce="abc"')), { "content-security-policy": policy }));
  await view.locator(`${root} .launcher`).click();
  await view.locator(`${root} .who.open`).waitFor();
  await context.close();
});
await check("look: zh-TW comes as a file of its own", async () => {
  const { view, context } = await stage({}, { name: "zh-TW", lang: "zh-TW" });
  await view.locator(`${root} .launcher`).click();
  await view.getByText("轉真人客服").waitFor();
  await shot(view, "zh-TW-open");
  equal(await faults(view), []);
  await context.close();
});
await check("look: nothing moves for those who do not want it", async () => {
  const { view, fake, context } = await stage({ reducedMotion: "reduce" }, { name: "still" });
  await view.locator(`${root} .launcher`).click();
  await view.locator(`${root} .who.open`).waitFor();
  fake.signal({ kind: "typing", who: "bot", on: true });
  await view.locator(`${root} .typing`).waitFor();
  equal(await view.evaluate(() => document.querySelector("xiaoer-widget").shadowRoot.getAnimations().length), 0, "animations");
  await context.close();
});
await check("look: consent is asked for, readable on both sizes", async () => {
  for (const [size, options] of [["phone", PHONE], ["desk", DESK]]) {
    const { view, context } = await stage(options, { name: "consent", lang: "zh-CN", attributes: "data-consent=manual" });
    await view.locator(`${root} .launcher`).click();
    await view.locator(`${root} .consent .main`).waitFor();
    await shot(view, `consent-${size}`);
    equal(await faults(view), []);
    await context.close();
  }
});
await check("look: the full page, phone and desk", async () => {
  for (const [size, options] of [["phone", PHONE], ["desk", DESK]]) {
    const context = await lab.context(options);
    const fake = await new Fake("栖木生活").attach(context);
    const view = lab.watch(await context.newPage(), "/chat");
    await view.goto(`${lab.base}/chat?site=wx&locale=zh-CN&color=%232f5d50`);
    await view.locator(`${root} .who.open`).waitFor();
    fake.push(scenes.customer("zh-CN"), scenes.order("zh-CN"));
    await view.locator(`${root} .card`).waitFor();
    await shot(view, `page-${size}`);
    equal(await faults(view), []);
    equal(await view.title(), "栖木生活");
    await until(() => view.evaluate(() => localStorage.getItem("xiaoer:wx")), "kept under its own site");
    await context.close();
  }
});
await check("look: no console error anywhere", async () => equal(lab.problems, []));

// ---- the rules themselves

async function spoiled(css) {
  const { view, fake, context } = await stage({}, { name: "spoiled" });
  await view.locator(`${root} .launcher`).click();
  await view.locator(`${root} .who.open`).waitFor();
  fake.push(scenes.customer("en"), scenes.order("en"));
  await view.locator(`${root} .card`).waitFor();
  equal(await faults(view), [], "before it is spoiled");
  await view.evaluate((text) => {
    const { shadowRoot } = document.querySelector("xiaoer-widget");
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadowRoot.adoptedStyleSheets = [...shadowRoot.adoptedStyleSheets, sheet];
  }, css);
  return { view, context };
}
await bites("grey letters", async () => {
  const { view } = await spoiled(".who { color: #b5b5b5 !important; }");
  return contrastFaults(view);
});
await bites("a card wider than its bubble", async () => {
  const { view } = await spoiled(".card { width: 140% !important; max-width: none; }");
  return boxFaults(view);
});
await bites("a panel beyond the window's edge", async () => {
  const { view } = await spoiled(".panel { width: 3000px !important; }");
  return boxFaults(view);
});
await bites("a button without a name", async () => {
  const { view } = await spoiled("");
  await view.locator(`${root} .send`).evaluate((b) => b.removeAttribute("aria-label"));
  return axeFaults(view);
});
await bites("an inline script under the strict policy", async () => {
  const before = lab.problems.length;
  const context = await lab.context();
  const view = lab.watch(await context.newPage(), "inline");
  await view.goto(lab.write(shopPage("<script>console.log(1)</script>"), strict(lab.base)));
  await pause(200);
  return lab.problems.splice(before);
});

await lab.end();
