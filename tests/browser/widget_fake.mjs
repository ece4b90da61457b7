// A server in the test's own hands: it speaks the customers' side of protocol v1 and does what a test tells it.
import { shopPage, tag } from "./widget_lab.mjs";

export const REASONS = [
  { id: "slow", name: { zh: "回复慢", en: "Slow" } },
  { id: "unsolved", name: { zh: "没解决问题", en: "Not solved" } },
  { id: "kind", name: { zh: "态度好", en: "Friendly" } },
];

export class Fake {
  items = [];
  frames = [];
  sockets = new Set();
  status = "with_bot";
  conversation = "c-fake";
  /** Fields of `welcome` beyond the first version. */
  more = { rating: { reasons: REASONS } };
  /** Called with every frame that has no fixed answer. */
  answer = () => {};
  deaf = false;

  constructor(shop = "Qimu Living") {
    this.shop = shop;
  }

  /** Answers every chat socket of a page or context. */
  async attach(target) {
    await target.routeWebSocket(/\/v1\/chat$/, (ws) => {
      this.sockets.add(ws);
      ws.onMessage((text) => this.hear(ws, JSON.parse(text)));
      ws.onClose(() => this.sockets.delete(ws));
    });
    await target.route(/\/v1\/files\/[a-z]+\?/, (route) => this.give(route));
    return this;
  }

  /** Files are named by what they are; any other is not there. */
  give(route) {
    const found = { picture: ["image/png", PICTURE], manual: ["application/pdf", "%PDF-1.4"] }[new URL(route.request().url()).pathname.split("/").pop()];
    const headers = { "access-control-allow-origin": "*" };
    if (!found) return route.fulfill({ status: 404, headers, body: "" });
    return route.fulfill({ status: 200, headers, contentType: found[0], body: found[1] });
  }

  hear(ws, frame) {
    this.frames.push(frame);
    if (this.deaf) return;
    if (frame.type === "hello") return this.welcome(ws, frame);
    if (frame.type === "say") return this.said(ws, frame);
    this.answer(frame, ws);
  }

  welcomeFrame(hello) {
    const known = hello.conversation === this.conversation;
    return {
      type: "welcome", v: 1, conversation: this.conversation, token: "t0ken", epoch: "e1", head: this.items.length, resumed: known || !hello.conversation,
      status: this.status, shop: this.shop, lang: "en", text_chars_max: 2000, ...this.more,
    };
  }

  welcome(ws, hello) {
    const frame = this.welcomeFrame(hello);
    ws.send(JSON.stringify(frame));
    const after = frame.resumed && hello.conversation ? (hello.after ?? 0) : 0;
    if (this.items.length > after) ws.send(JSON.stringify({ type: "events", from: after + 1, to: this.items.length, items: this.items.slice(after) }));
  }

  said(ws, { cid, text, choice, photos }) {
    const before = this.items.find((i) => i.cid === cid);
    if (!before) this.push({ type: "customer_said", cid, text, choice, photos });
    const { seq } = this.items.find((i) => i.cid === cid);
    ws.send(JSON.stringify({ type: "ack", cid, seq }));
    if (!before) this.answer({ type: "say", cid, text, choice }, ws);
  }

  send(frame) {
    for (const ws of this.sockets) ws.send(JSON.stringify(frame));
  }

  push(...items) {
    for (const item of items) {
      const seq = this.items.length + 1;
      this.items.push({ seq, at: Date.now(), ...item });
      if (item.type === "handoff_requested") this.status = "waiting";
      if (item.type === "agent_joined") this.status = "with_agent";
      if (item.type === "resolved") this.status = "resolved";
      this.send({ type: "events", from: seq, to: seq, items: [this.items[seq - 1]] });
    }
  }

  signal(signal) {
    this.send({ type: "signal", ...signal });
  }

  async drop() {
    const open = [...this.sockets];
    this.sockets.clear();
    for (const ws of open) await ws.close({ code: 1012 });
  }

  told(type) {
    return this.frames.filter((f) => f.type === type);
  }
}

/** A chequered picture, 320 by 200. */
const PICTURE = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAUAAAADICAIAAAAWZq/8AAADtElEQVR42u3TsQkAIBAEQYuwWGOLNTGxBJs4kJcBGxjvt62zn7w+5pPHy/uTtxmYl1fABublFbCBeXkFbGBeARuYl1fABublFbCBeXkF7KB5BWxgXl4BG5iXV8AG5hWwgXl5BWxgXl4BG5iXV8AG5hWwgXl5BWxgXl4BG5iXV8C8vAI2MC+vgA3MyytgA/MK2MC8vAI2MC+vgA3MyytgB80rYAPz8grYwLy8AjYwL6+AeXkFbGBeXgEbmJdXwAbmFbCBeXkFbGBeXgEbmJdXwA6aV8AG5uUVsIF5eSMB+2he3rpeAfPyCtjAvLwCNjAvr4ANzCtgA/PyCtjAvLwCNjAvr4AdNK+ADczLK2AD8/IK2MC8AjYwL6+ADczLK2AD8/IK2MC8AjYwL6+ADczLK2AD8/IKmJdXwAbm5RWwgXl5BWxgXgEbmJdXwAbm5RWwgXl5BeygeQVsYF5eARuYl1fABublFTAvr4ANzMsrYAPz8grYwLwCNjAvr4ANzMsrYAPz8grYQfMK2MC8vAI2MC9vJmAfzctb1ytgXl4BG5iXV8AG5uUVsIF5BWxgXl4BG5iXV8AG5uUVsIPmFbCBeXkFbGBeXgEbmFfABublFbCBeXkFbGBeXgEbmFfABublFbCBeXkFbGBeXgHz8grYwLy8AjYwL6+ADcwrYAPz8grYwLy8AjYwL6+AHTSvgA3MyytgA/PyCtjAvLwC5uUVsIF5eQVsYF5eARuYV8AG5uUVsIF5eQVsYF5eATtoXgEbmJdXwAbm5c0E7KN5eet6BczLK2AD8/IK2MC8vAI2MK+ADczLK2AD8/IK2MC8vAJ20LwCNjAvr4ANzMsrYAPzCtjAvLwCNjAvr4ANzMsrYAPzCtjAvLwCNjAvr4ANzMsrYF5eARuYl1fABublFbCBeQVsYF5eARuYl1fABublFbCD5hWwgXl5BWxgXl4BG5iXV8C8vAI2MC+vgA3MyytgA/MK2MC8vAI2MC+vgA3MyytgB80rYAPz8grYwLy8mYB9NC9vXa+AeXkFbGBeXgEbmJdXwAbmFbCBeXkFbGBeXgEbmJdXwA6aV8AG5uUVsIF5eQVsYF4BG5iXV8AG5uUVsIF5eQVsYF4BG5iXV8AG5uUVsIF5eQXMyytgA/PyCtjAvLwCNjCvgA3MyytgA/PyCtjAvLwCdtC8AjYwL6+ADczLK2AD8/IKmJdXwAbm5RWwgXl5BWxgXgEbmJdXwAbm5RWwgXl5BeygeQVsYF5eARuYlzfyLoKyLuWGwr0wAAAAAElFTkSuQmCC", "base64");

// ---- what a conversation may hold, in both languages

const both = (lang, zh, en) => (lang === "zh-CN" ? zh : en);

export const scenes = {
  answer: (lang) => ({
    type: "bot_said",
    text: both(lang, "退款一般在 1 到 7 个工作日内原路退回。\n- 支付宝、微信：1 到 3 个工作日\n- 银行卡：3 到 7 个工作日", "Refunds take 1 to 7 working days.\n- Wallets: 1 to 3 working days\n- Bank cards: 3 to 7 working days\nMore at https://shop.example/refunds"),
    citations: [{ article: "refund-timing", title: both(lang, "退款多久到账", "How long refunds take"), passage: "1", quote: both(lang, "退款一般在 1 到 7 个工作日内原路退回。超过 7 天请联系我们。", "Refunds take 1 to 7 working days. After that, tell us."), lang: both(lang, "zh", "en") }],
    choices: [{ label: both(lang, "查我的退款", "Check my refund"), choice: "intent:refund" }, { label: both(lang, "申请退货", "Return something"), choice: "intent:return" }],
    generated: true,
  }),
  order: (lang) => ({
    type: "bot_said",
    text: both(lang, "您的包裹正在路上。", "Your parcel is on its way."),
    card: {
      kind: "order", title: "QM2026110312", status: both(lang, "运输中", "On its way"),
      rows: [{ label: both(lang, "商品", "Goods"), value: both(lang, "细嘴手冲壶 × 1、陶瓷滤杯 × 2", "Pour-over kettle × 1, ceramic dripper × 2") }, { label: both(lang, "合计", "Total"), value: "¥487.00" }],
      steps: [{ at: "2026-11-22 18:20", text: both(lang, "快件到达武汉转运中心", "Arrived at the Wuhan hub") }, { at: "2026-11-21 09:03", text: both(lang, "快件已揽收", "Picked up") }],
    },
  }),
  products: (lang) => ({
    type: "bot_said",
    text: both(lang, "为您找到这几款：", "These may suit you:"),
    cards: [["细嘴手冲壶", "Pour-over kettle", "¥329"], ["双人帐篷，防风防雨，三季可用", "Two-person tent for three seasons, wind and rain proof", "¥899"], ["降噪耳机", "Quiet headphones", "¥599"]].map(([zh, en, price], at) => ({
      kind: "product", title: both(lang, zh, en), price, status: both(lang, "有货", "In stock"), url: `https://shop.example/p/${at}`,
      choices: [{ label: both(lang, "看尺寸", "Sizes"), choice: `size:${at}` }, { label: both(lang, "就要这款", "This one"), choice: `take:${at}` }],
    })),
  }),
  form: (lang) => ({
    type: "bot_said",
    text: both(lang, "请填写开票信息。", "Please fill in the invoice."),
    form: {
      id: "invoice", title: both(lang, "发票信息", "Invoice"),
      fields: [
        { name: "kind", label: both(lang, "类型", "Kind"), kind: "select", required: true, options: [{ label: both(lang, "个人", "Private"), value: "private" }, { label: both(lang, "公司", "Company"), value: "company" }] },
        { name: "name", label: both(lang, "抬头", "Name"), kind: "text", required: true },
        { name: "email", label: both(lang, "邮箱", "Email"), kind: "email" },
      ],
    },
  }),
  customer: (lang, n = 1) => ({ type: "customer_said", cid: `00000000-0000-4000-8000-00000000000${n}`, text: both(lang, "退款多久到账", "How long do refunds take?") }),
  agent: (lang) => ({ type: "agent_said", cid: "a-1-aaaaaaaa", agent: both(lang, "小林", "Lin"), text: both(lang, "您好，我来帮您看看。", "Hello, let me look into it.") }),
  files: (lang) => ({ type: "agent_said", cid: "a-2-aaaaaaaa", agent: both(lang, "小林", "Lin"), text: both(lang, "尺码表和安装说明在这里。", "Here are the size chart and the manual."), files: ["picture", "manual"] }),
  file: (lang, name) => ({ type: "agent_said", cid: `a-3-${name}`, agent: both(lang, "小林", "Lin"), text: "", files: [name] }),
  joined: (lang) => ({ type: "agent_joined", agent: both(lang, "小林", "Lin") }),
};

/** A visit with a server of its own, and short names for what stands in the widget. */
export function toolsOf(lab) {
  const root = "xiaoer-widget";
  async function visit({ options = {}, attributes = "", body = "", html, open = true, setup = () => {} } = {}) {
    const context = await lab.context(options);
    const fake = await new Fake().attach(context);
    await setup(context, fake);
    const page = lab.watch(await context.newPage(), "talk");
    await page.goto(lab.write(html ?? shopPage(body + tag(lab.base, attributes))));
    if (!open) return { page, fake, context };
    await page.locator(`${root} .launcher`).click();
    await page.locator(`${root} .who.open`).waitFor();
    return { page, fake, context };
  }
  const box = (page) => page.locator(`${root} .composer textarea`);
  const xiaoer = (page, ...call) => page.evaluate((c) => void window.Xiaoer(...c), call);
  const inside = (page, selector) => page.locator(`${root} ${selector}`);
  return { visit, box, xiaoer, inside };
}
