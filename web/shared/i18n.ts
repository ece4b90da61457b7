// Words of the pages in both languages; a key that one of them lacks does not compile.

const zh = {
  title: "在线客服",
  bot: "智能客服 · 自动回复",
  agent: "人工客服",
  person: "转人工",
  placeholder: "请输入您的问题",
  send: "发送",
  open: "打开客服",
  close: "关闭",
  welcome: "您好！我是自动客服，可以查订单、办退货、回答购物问题。",
  ask: ["我的订单到哪了", "退款多久到账", "我要退货", "你们几点上班"],
  connecting: "正在连接…",
  offline: "网络断开，正在重连…",
  queue: (place: number) => `正在排队，您是第 ${place} 位`,
  queueClosed: "现在不是人工服务时间，已为您留言排队",
  joined: (name: string) => `${name} 已接入，为您服务`,
  handedOff: "已转人工，请稍候",
  resolved: "本次人工服务已结束，继续提问由智能客服回答",
  source: "来源",
  whole: "查看全文",
  typing: "正在输入",
  sending: "发送中",
  failed: "发送失败，点此重试",
  left: (n: number) => `还能写 ${n} 字`,
  messages: "对话",
  unread: (n: number) => `${n} 条未读`,
};

type Words = typeof zh;

const en: Words = {
  title: "Customer service",
  bot: "Automated assistant",
  agent: "Our team",
  person: "Talk to a person",
  placeholder: "Write your question",
  send: "Send",
  open: "Open chat",
  close: "Close",
  welcome: "Hello! I am an automated assistant. I can track orders, start returns and answer questions.",
  ask: ["Where is my order?", "How long do refunds take?", "I want to return something", "What are your opening hours?"],
  connecting: "Connecting…",
  offline: "Offline, trying again…",
  queue: (place: number) => `You are number ${place} in the queue`,
  queueClosed: "Our people are off duty now; your message is in the queue",
  joined: (name: string) => `${name} has joined`,
  handedOff: "Passing you to a person",
  resolved: "The agent has closed this; the assistant answers again",
  source: "Source",
  whole: "Open the article",
  typing: "is writing",
  sending: "Sending",
  failed: "Not sent, tap to retry",
  left: (n: number) => `${n} characters left`,
  messages: "Conversation",
  unread: (n: number) => `${n} unread`,
};

export type { Words };

export function wordsFor(locale: string): Words {
  return locale.toLowerCase().startsWith("zh") ? zh : en;
}

/** `auto` follows the page, then the browser. */
export function localeOf(wanted: string | undefined): string {
  if (wanted && wanted !== "auto") return wanted;
  return document.documentElement.lang || navigator.language || "zh-CN";
}
