// Builds web/dist: the loader, the widget, the console and the demo pages, with a manifest of hashes.
// `node build.mjs dist` writes; `node build.mjs --check` builds elsewhere and compares byte by byte.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { sheets } from "./sheets.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  legalComments: "none",
  target: "es2020",
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
};

/** Adopted style sheets ask for browsers that have class fields too. */
const widget = { ...common, target: "es2022", plugins: [sheets] };

function files(dir) {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((e) => (e.isDirectory() ? files(join(dir, e.name)) : [join(dir, e.name)]))
    .sort();
}

// The console's first load is app.js and what it imports; the supervisors' pages are a chunk of their own.
async function makeConsole(out) {
  const entryPoints = { app: "console/main.tsx" };
  const built = await build({ ...common, entryPoints, outdir: out, splitting: true, chunkNames: "[name]-[hash]", metafile: true });
  await build({ ...common, entryPoints: ["console/console.css"], outfile: join(out, "app.css") });
  const app = Object.entries(built.metafile.outputs).find(([file]) => file.endsWith("/app.js"))[1];
  const first = app.imports.filter((i) => i.kind === "import-statement").map((i) => `/console/${basename(i.path)}`);
  const preloads = first.map((path) => `<link rel="modulepreload" href="${path}">\n`).join("");
  const page = readFileSync(join(here, "console/index.html"), "utf8");
  writeFileSync(join(out, "index.html"), page.replace("</head>", `${preloads}</head>`));
}

async function make(out) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  await build({ ...widget, entryPoints: ["widget/loader.ts"], outfile: join(out, "widget.js"), format: "iife" });
  await build({ ...widget, entryPoints: ["widget/app.tsx"], outfile: join(out, "widget/app.js") });
  for (const extra of ["beside", "stream", "voice", "zh-tw"]) {
    await build({ ...widget, entryPoints: [`widget/${extra}.ts`], outfile: join(out, `widget/${extra}.js`) });
  }
  // They work with the app's preact, never with one of their own.
  const alias = { "preact/hooks": "./widget/kit.ts", "preact/jsx-runtime": "./widget/kit.ts" };
  for (const extra of ["forms", "files"]) {
    await build({ ...widget, alias, entryPoints: [`widget/${extra}.tsx`], outfile: join(out, `widget/${extra}.js`) });
  }
  await makeConsole(join(out, "console"));
  await build({ ...common, entryPoints: ["demo/demo.ts"], outfile: join(out, "demo/demo.js") });
  await build({ ...common, entryPoints: ["demo/demo.css"], outfile: join(out, "demo/demo.css") });
  await build({ ...common, entryPoints: ["help/help.css"], outfile: join(out, "help/help.css") });
  cpSync(join(here, "demo/index.html"), join(out, "demo/index.html"));
  mkdirSync(join(out, "chat"), { recursive: true });
  cpSync(join(here, "demo/chat.html"), join(out, "chat/index.html"));
  const licence = readFileSync(join(here, "node_modules/preact/LICENSE"), "utf8").replace(/\r\n/g, "\n");
  writeFileSync(join(out, "THIRD-PARTY.txt"), `preact\n\n${licence}`);
  const hashes = files(out).map((f) => [
    relative(out, f).split("\\").join("/"),
    createHash("sha256").update(readFileSync(f)).digest("hex"),
  ]);
  writeFileSync(join(out, "manifest.json"), JSON.stringify(Object.fromEntries(hashes), null, 1) + "\n");
}

if (process.argv[2] === "--check") {
  const fresh = mkdtempSync(join(tmpdir(), "xiaoer-web-"));
  await make(fresh);
  const dist = join(here, "dist");
  const names = (dir) => files(dir).map((f) => relative(dir, f));
  const [a, b] = [names(dist), names(fresh)];
  const odd = a.filter((n) => !b.includes(n)).concat(b.filter((n) => !a.includes(n)));
  const changed = b.filter((n) => a.includes(n) && !readFileSync(join(dist, n)).equals(readFileSync(join(fresh, n))));
  rmSync(fresh, { recursive: true, force: true });
  if (odd.length || changed.length) {
    console.error("web/dist is not what the sources build; run `npm run build`:", ...odd, ...changed);
    process.exit(1);
  }
  console.error(`web/dist is fresh (${a.length} files)`);
} else {
  const out = join(here, process.argv[2] ?? "dist");
  await make(out);
  for (const f of files(out)) console.error(String(statSync(f).size).padStart(8), relative(out, f));
}
