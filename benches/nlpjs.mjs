// nlp.js on the shop's own examples, for `xiaoer bench nlu --nlpjs FOLDER`, where FOLDER has node_modules/node-nlp.
// Reads {"train": [[lang, intent, text], ...], "messages": [[lang, text], ...]} on stdin, writes one JSON object with the
// milliseconds that each message took.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { readFileSync } from "node:fs";

// It talks while it learns; stdout is for the figures.
console.log = console.error;
const { NlpManager } = createRequire(join(resolve(process.argv[2]), "package.json"))("node-nlp");
const { train, messages } = JSON.parse(readFileSync(0, "utf8"));
const manager = new NlpManager({ languages: ["zh", "en"], autoSave: false, nlu: { log: false }, forceNER: false });
for (const [lang, intent, text] of train) manager.addDocument(lang, text, intent);
const began = performance.now();
await manager.train();
const trained = performance.now() - began;
for (const [lang, text] of messages.slice(0, 50)) await manager.process(lang, text);
const times = [];
for (const [lang, text] of messages) {
  const start = performance.now();
  await manager.process(lang, text);
  times.push(performance.now() - start);
}
process.stdout.write(JSON.stringify({ train_s: trained / 1000, times }));
