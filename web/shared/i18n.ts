// Words of the widget in Chinese and English; a key that one of them lacks does not compile. Traditional
// characters come in a file of their own when they are wanted.

const zh = {
  title: "在线客服",
  bot: "智能客服 · 自动回复",
  botName: "智能客服",
  automatic: "自动回复",
  you: "您",
  human: "人工",
  agent: "人工客服",
  agentNamed: (name: string) => `人工客服 · ${name}`,
  person: "转人工",
  queued: "排队中",
  waitingWho: "正在为您转人工",
  placeholder: "请输入您的问题",
  send: "发送",
  close: "关闭",
  more: "更多",
  welcome: "您好！我是自动客服，可以查订单、办退货、回答购物问题。",
  ask: ["我的订单到哪了", "退款多久到账", "我要退货", "你们几点上班"],
  connecting: "正在连接…",
  offline: "网络断开，正在重连…",
  offlineKept: "网络断开。您写的会先存着，连上后自动发送。",
  retryNow: "立即重试",
  queue: (place: number) => `正在排队，您是第 ${place} 位`,
  wait: (minutes: number) => (minutes < 1 ? "预计不到 1 分钟" : `预计等待约 ${minutes} 分钟`),
  queueClosed: "现在不是人工服务时间，已为您留言排队",
  opensAt: (when: string) => `人工客服 ${when} 上班，上班后按顺序答复`,
  leaveContact: "怎样联系您？",
  contactHint: "手机号或邮箱",
  contactSend: "留下联系方式",
  contactKept: (contact: string) => `我们会通过 ${contact} 联系您`,
  contactBad: "请填写手机号或邮箱",
  joined: (name: string) => `${name} 已接入，为您服务`,
  left: (name: string) => `${name} 已离开，正在为您重新排队`,
  transferred: "正在为您转接同事",
  handedBack: "人工服务已结束，由智能客服继续为您服务",
  handedOff: "已转人工，请稍候",
  resolved: "本次人工服务已结束，继续提问由智能客服回答",
  rateTitle: "这次服务您满意吗？",
  star: (n: number) => `${n} 星`,
  stars: ["很不满意", "不满意", "一般", "满意", "非常满意"],
  rateWhy: "主要原因",
  rateComment: "还想说什么（选填）",
  rateSend: "提交评价",
  rateThanks: "感谢您的评价",
  source: "来源",
  whole: "查看全文",
  generated: "AI 生成",
  typing: "正在输入",
  agentTyping: (name: string) => `${name} 正在输入`,
  sending: "发送中",
  waiting: "等待网络",
  delivered: "已送达",
  read: "已读",
  failed: "发送失败，点此重试",
  charsLeft: (n: number) => `还能写 ${n} 字`,
  messages: "对话",
  newer: "新消息",
  previous: "上一个",
  next: "下一个",
  required: "请填写",
  choose: "请选择",
  submit: "提交",
  about: "您正在看",
  aboutOrder: "您正在看的订单",
  sendProduct: "发给客服",
  askProduct: (name: string) => `我想咨询这件商品：${name}`,
  askOrder: (order: string) => `我想咨询订单 ${order}`,
  remove: "移除",
  transcript: "下载聊天记录",
  transcriptFile: "聊天记录",
  transcriptMail: "发到我的邮箱",
  dictate: "语音输入",
  dictating: "正在听，点击结束",
  readAloud: "朗读回复",
  attach: "添加图片",
  attachBad: "只能发送图片，且不能太大",
  attachFailed: "图片没有传上去，请重试",
  photos: (n: number) => `图片 × ${n}`,
  files: (n: number) => `附件 × ${n}`,
  picture: "图片",
  paper: "PDF 文件",
  fileLost: "附件没有载入，点此重试",
  consent: (where: string) => `开始对话后，我们会连接 ${where}，并在您的浏览器里存一个随机编号，用来找回这次对话。`,
  consentYes: "同意并开始",
  consentNo: "暂不",
};

export type Words = typeof zh;

const en: Words = {
  title: "Customer service",
  bot: "Automated assistant",
  botName: "Assistant",
  automatic: "automated",
  you: "You",
  human: "person",
  agent: "Our team",
  agentNamed: (name) => `${name} · our team`,
  person: "Talk to a person",
  queued: "In the queue",
  waitingWho: "Finding a person for you",
  placeholder: "Write your question",
  send: "Send",
  close: "Close",
  more: "More",
  welcome: "Hello! I am an automated assistant. I can track orders, start returns and answer questions.",
  ask: ["Where is my order?", "How long do refunds take?", "I want to return something", "What are your opening hours?"],
  connecting: "Connecting…",
  offline: "Offline, trying again…",
  offlineKept: "You are offline. What you write is kept and sent when the connection is back.",
  retryNow: "Try now",
  queue: (place) => `You are number ${place} in the queue`,
  wait: (minutes) => (minutes < 1 ? "Less than a minute to go" : `About ${minutes} min to wait`),
  queueClosed: "Our people are off duty now; your message is in the queue",
  opensAt: (when) => `We are back ${when} and answer in order`,
  leaveContact: "How can we reach you?",
  contactHint: "Phone number or email",
  contactSend: "Leave contact",
  contactKept: (contact) => `We will reach you at ${contact}`,
  contactBad: "Please give a phone number or an email address",
  joined: (name) => `${name} has joined`,
  left: (name) => `${name} has left; you are back in the queue`,
  transferred: "Passing you on to a colleague",
  handedBack: "The automated assistant goes on from here",
  handedOff: "Passing you to a person",
  resolved: "The agent has closed this; the assistant answers again",
  rateTitle: "How did we do?",
  star: (n) => (n === 1 ? "1 star" : `${n} stars`),
  stars: ["Very poor", "Poor", "Fair", "Good", "Very good"],
  rateWhy: "Main reason",
  rateComment: "Anything to add? (optional)",
  rateSend: "Send rating",
  rateThanks: "Thank you for the rating",
  source: "Source",
  whole: "Open the article",
  generated: "AI-generated",
  typing: "is writing",
  agentTyping: (name) => `${name} is writing`,
  sending: "Sending",
  waiting: "Waiting for the network",
  delivered: "Delivered",
  read: "Read",
  failed: "Not sent, tap to retry",
  charsLeft: (n) => `${n} characters left`,
  messages: "Conversation",
  newer: "New messages",
  previous: "Previous",
  next: "Next",
  required: "Please fill in",
  choose: "Please choose",
  submit: "Submit",
  about: "You are looking at",
  aboutOrder: "You are looking at order",
  sendProduct: "Ask about it",
  askProduct: (name) => `I have a question about ${name}`,
  askOrder: (order) => `I have a question about order ${order}`,
  remove: "Remove",
  transcript: "Download transcript",
  transcriptFile: "transcript",
  transcriptMail: "Send it to my email",
  dictate: "Dictate",
  dictating: "Listening, tap to stop",
  readAloud: "Read replies aloud",
  attach: "Add a picture",
  attachBad: "Only pictures can be sent, and not too large",
  attachFailed: "The picture was not sent, please try again",
  photos: (n) => (n === 1 ? "1 picture" : `${n} pictures`),
  files: (n) => (n === 1 ? "1 attachment" : `${n} attachments`),
  picture: "Picture",
  paper: "PDF",
  fileLost: "Attachment not loaded, tap to retry",
  consent: (where) => `When the chat starts we connect to ${where} and keep a random number in your browser, to find this conversation again.`,
  consentYes: "Agree and start",
  consentNo: "Not now",
};

const TRADITIONAL = /^zh-(tw|hk|mo|hant)/i;

export const isTraditional = (locale: string) => TRADITIONAL.test(locale);

let traditional: Words | null = null;

/** Words that come later than the app. True when there is something to wait for. */
export function wordsWanted(locale: string): boolean {
  return isTraditional(locale) && !traditional;
}

export function wordsCame(words: Words) {
  traditional = words;
}

export function wordsFor(locale: string): Words {
  if (isTraditional(locale) && traditional) return traditional;
  return /^zh/i.test(locale) ? zh : en;
}

/** `auto` follows the page, then the browser. */
export function localeOf(wanted: string | undefined): string {
  if (wanted && wanted !== "auto") return wanted;
  return document.documentElement.lang || navigator.language || "zh-CN";
}

/** The launcher's name: the only words that a page pays for before the chat is opened. */
export function openWord(locale: string, unread: number): string {
  const tw = isTraditional(locale);
  if (!/^zh/i.test(locale)) return unread ? `Open chat, ${unread} unread` : "Open chat";
  return (tw ? "開啟客服" : "打开客服") + (unread ? `，${unread} ${tw ? "則未讀" : "条未读"}` : "");
}
