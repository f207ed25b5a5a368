// What can be checked without a browser: types, WeChat's own WXML and WXSS compilers, the API's types, links, colours,
// weights. Every fault is printed; one is enough to fail.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const ROOT = join(HERE, "miniprogram");
const PACKAGE_BYTES = 2 * 1024 * 1024; // WeChat's limit for the main package and for each of the others
const ICON_BYTES = 40 * 1024;

const files = readdirSync(ROOT, { recursive: true }).map(String).filter((file) => statSync(join(ROOT, file)).isFile());
const ending = (...ends) => files.filter((file) => ends.some((end) => file.endsWith(end)));
const text = (file) => readFileSync(join(ROOT, file), "utf8");
const app = JSON.parse(text("app.json"));
const roots = app.subPackages.map(({ root }) => root);
const pages = [...app.pages, ...app.subPackages.flatMap(({ root, pages: own }) => own.map((page) => `${root}/${page}`))];
const faults = [];

function types() {
  const { status, stdout } = spawnSync("npx", ["tsc", "--noEmit", "--pretty", "false"], { cwd: HERE, encoding: "utf8" });
  if (status) faults.push(stdout.trim());
}

function compilers() {
  const bin = join(HERE, "node_modules/miniprogram-compiler/bin/linux");
  if (process.platform !== "linux") return console.log("WeChat's compilers run on Linux only: left out here");
  for (const [name, flags, sources] of [["wcc", ["-d"], ending(".wxml", ".wxs")], ["wcsc", ["-lc", "-js"], ending(".wxss")]]) {
    chmodSync(join(bin, name), 0o755); // the package comes without the bit
    const { status, stderr } = spawnSync(join(bin, name), [...flags, ...sources.map((file) => `./${file}`)], { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 27 });
    if (status) faults.push(`${name}: ${stderr.trim()}`);
  }
}

function links() {
  for (const file of ending(".ts", ".wxml")) {
    for (const [, target] of text(file).matchAll(/["'`](\/(?:pages|packages)\/[\w/-]+)/g)) {
      if (!pages.includes(target.slice(1))) faults.push(`${file}: leads to ${target}, which app.json does not list`);
    }
  }
}

function colours() {
  for (const file of ending(".wxss", ".wxml")) {
    if (file === "styles/tokens.wxss") continue;
    // The page element stands outside every screen, where no variable reaches.
    const rest = text(file).replace(/\bpage \{[^}]*\}/g, "");
    for (const [colour] of rest.matchAll(/#[0-9a-fA-F]{3,8}\b|\brgba?\(/g)) faults.push(`${file}: ${colour} is not from styles/tokens.wxss`);
  }
}

function weights() {
  const shipped = files.filter((file) => !file.endsWith(".d.ts"));
  for (const root of [null, ...roots]) {
    const of = shipped.filter((file) => (root ? file.startsWith(`${root}/`) : !roots.some((other) => file.startsWith(`${other}/`))));
    const bytes = of.reduce((sum, file) => sum + statSync(join(ROOT, file)).size, 0);
    console.log(`${(root ?? "main package").padEnd(24)}${(bytes / 1024).toFixed(0).padStart(5)} KB of ${PACKAGE_BYTES / 1024}`);
    if (bytes > PACKAGE_BYTES) faults.push(`${root ?? "the main package"} is over 2 MB`);
  }
  for (const file of ending(".png")) if (statSync(join(ROOT, file)).size > ICON_BYTES) faults.push(`${file} is over 40 KB`);
}

function contract() {
  try {
    execFileSync("node", [join(HERE, "tools/api.mjs"), "--check"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    faults.push(error.stderr.trim() || error.message);
  }
}

for (const check of [types, compilers, links, colours, weights, contract]) check();
for (const fault of faults) console.error(`FAIL  ${fault}`);
console.log(faults.length ? `${faults.length} faults in ${files.length} files` : `${files.length} files, ${pages.length} pages: nothing to complain about`);
process.exit(faults.length ? 1 : 0);
