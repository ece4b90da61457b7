import { readFileSync } from "node:fs";
import { transform } from "esbuild";

/** Style sheets of the widget travel inside its scripts, as text made small. */
export const sheets = {
  name: "sheets",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true, legalComments: "none", charset: "utf8" });
      return { contents: code.trim(), loader: "text" };
    }),
};
