// Modules of the mini-program for the tests without a browser, as an app that has just been started has them: each call
// gives new ones, which find their phone in `globalThis.wx`.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const APP = fileURLToPath(new URL("../miniprogram", import.meta.url));
let starts = 0;

export async function load(...names) {
  const contents = names.map((name) => `export * from "./${name}";`).join("\n");
  const stdin = { contents, resolveDir: APP, loader: "ts" };
  const { outputFiles } = await esbuild.build({ stdin, bundle: true, format: "esm", write: false, logLevel: "silent" });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}//${++starts}`);
}
