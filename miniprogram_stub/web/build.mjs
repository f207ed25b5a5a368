// Builds a mini-program for the browser: `node web/build.mjs [--root DIR] [--out DIR]`. What would surprise on a phone (a
// broken template, a component nobody registered, a wx call the host lacks, too much JavaScript) fails here, with its place.
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import esbuild from "esbuild";
import { scoped, wxss } from "./wxss.mjs";

const { TmplGroup } = createRequire(import.meta.url)("glass-easel-template-compiler");
const HOST = dirname(fileURLToPath(import.meta.url));
const MAIN_PACKAGE_LIMIT = 300 * 1024;
const CODE = /\.(ts|js|json|wxml|wxss|md)$/;
const read = (root, file) => readFile(join(root, file), "utf8");
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

function failOn(wrong) {
  if (wrong.length) throw new Error(wrong.join("\n"));
}

export async function build({ root, out }) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name).slice(root.length + 1)).sort();
  const app = await config(root, "app.json");
  const theme = await config(root, app.themeLocation);
  const pages = [...app.pages, ...app.subPackages.flatMap((one) => one.pages.map((page) => posix.join(one.root, page)))];
  const units = await unitsOf(root, files, app, pages);
  await checkCalls(root, files);
  const css = await esbuild.transform(await styles(root, files, units), { loader: "css", minify: true, logLevel: "silent" });
  failOn(css.warnings.map(({ text, location }) => `WXSS: ${text} (${location.lineText.trim()})`));
  const js = await bundle(root, units, await templates(root, files, app, units), { app, theme, pages });
  const sizes = { whole: js.outputFiles[0].contents.length, main: mainPackage(js.metafile, files, app), css: css.code.length };
  const tooMuch = `the main package has ${kb(sizes.main)} of JavaScript, more than ${kb(MAIN_PACKAGE_LIMIT)}: move pages to a subpackage`;
  failOn(sizes.main > MAIN_PACKAGE_LIMIT ? [tooMuch] : []);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "app.js"), js.outputFiles[0].contents);
  await writeFile(join(out, "app.css"), css.code);
  await cp(join(HOST, "index.html"), join(out, "index.html"));
  for (const asset of files.filter((file) => !CODE.test(file))) await cp(join(root, asset), join(out, asset));
  return sizes;
}

/** Every page and component, with its JSON: `path` is without an ending. */
async function unitsOf(root, files, app, pages) {
  const isWhole = (path) => [".ts", ".wxml", ".json"].every((ending) => files.includes(path + ending));
  const units = [];
  const wrong = pages.filter((page) => !isWhole(page)).map((page) => `app.json, pages: ${page}`);
  for (const path of files.filter((file) => file.endsWith(".wxml")).map((file) => file.slice(0, -5)).filter(isWhole)) {
    const own = await config(root, `${path}.json`);
    const using = { ...app.usingComponents, ...own.usingComponents };
    const missing = Object.keys(using).filter((tag) => !isWhole(using[tag].slice(1)));
    wrong.push(...missing.map((tag) => `${path}.json, usingComponents "${tag}": ${using[tag].slice(1)}`));
    units.push({ path, isPage: pages.includes(path), config: own, using, scope: path.replace(/\W+/g, "-") });
  }
  failOn(wrong.map((place) => `${place} has not all of .ts, .wxml and .json`));
  return units;
}

async function templates(root, files, app, units) {
  const group = new TmplGroup();
  const wrong = [];
  const builtins = (await read(HOST, "builtins.ts")).matchAll(/^define\("([\w-]+)"/gm);
  const known = ["block", "template", "slot", "import", "include", ...Array.from(builtins, ([, tag]) => tag)];
  for (const file of files.filter((name) => name.endsWith(".wxml"))) {
    const text = await read(root, file);
    const faults = group.addTmpl(file.slice(0, -5), text);
    wrong.push(...faults.map(({ message, startLine, startColumn }) => `${file}:${startLine + 1}:${startColumn + 1}: ${message}`));
    const { using } = units.find(({ path }) => `${path}.wxml` === file) ?? { using: app.usingComponents };
    for (const [tag, place] of words(file, text, /<([a-z][\w-]*)/g)) {
      if (!known.includes(tag) && !(tag in using)) wrong.push(`${place}: <${tag}> is neither built in nor in usingComponents`);
    }
  }
  failOn(wrong);
  return group.getTmplGenObjectGroups();
}

/** Global words stay as they are, a component's get its name before them, a page's reach no further than the page. */
async function styles(root, files, units) {
  const sheets = [await read(HOST, "base.css"), await wxss(root, "app.wxss")];
  for (const { path, isPage, scope } of units.filter((unit) => files.includes(`${unit.path}.wxss`)).sort((a, b) => a.isPage - b.isPage)) {
    const sheet = await wxss(root, `${path}.wxss`);
    sheets.push(isPage ? `@scope ([data-page="${path}"]) {\n${sheet}\n}` : scoped(sheet, scope));
  }
  return sheets.join("\n");
}

async function checkCalls(root, files) {
  const offered = Array.from((await read(HOST, "wx.ts")).matchAll(/^export const (\w+)/gm), ([, name]) => name);
  const wrong = [];
  for (const file of files.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))) {
    const lacking = words(file, await read(root, file), /\bwx\.(\w+)/g).filter(([name]) => !offered.includes(name));
    wrong.push(...lacking.map(([name, place]) => `${place}: the browser host has no wx.${name} (web/wx.ts)`));
  }
  failOn(wrong);
}

/** What `pattern` finds outside comments, each with the place where it stands. */
function words(file, text, pattern) {
  const bare = text.replace(/<!--[^]*?-->|^\s*(\/\/|\/?\*).*/gm, (comment) => comment.replace(/[^\n]/g, " "));
  return Array.from(bare.matchAll(pattern), ({ 1: word, index }) => [word, `${file}:${bare.slice(0, index).split("\n").length}`]);
}

function bundle(root, units, groups, site) {
  const loader = (path) => `load: () => require(${JSON.stringify(join(root, `${path}.ts`))})`;
  const parts = units.map((unit) => `{ ...${JSON.stringify(unit)}, ${loader(unit.path)} }`);
  const contents = `import { boot } from ${JSON.stringify(join(HOST, "boot.ts"))};
    boot({ ...${JSON.stringify(site)}, templates: ${groups}, ${loader("app")}, units: [${parts.join(",\n")}] });`;
  const stdin = { contents, resolveDir: HOST, sourcefile: "program.js" };
  const shape = { bundle: true, minify: true, format: "iife", target: "es2020", charset: "utf8", tsconfigRaw: {} };
  const result = { outfile: "app.js", write: false, metafile: true, absWorkingDir: root, logLevel: "silent" };
  return esbuild.build({ stdin, ...shape, ...result, define: { "process.env.NODE_ENV": '"production"' } });
}

function mainPackage(metafile, files, app) {
  const isElsewhere = (file) => app.subPackages.some((one) => file.startsWith(posix.join(one.root, "/")));
  const [{ inputs }] = Object.values(metafile.outputs);
  const own = Object.keys(inputs).filter((file) => files.includes(file) && !isElsewhere(file));
  return own.reduce((sum, file) => sum + inputs[file].bytesInOutput, 0);
}

/** JSON, in which the components that are used are named from the root. */
async function config(root, file) {
  try {
    const { usingComponents = {}, ...rest } = JSON.parse(await read(root, file));
    const named = Object.entries(usingComponents).map(([tag, path]) => [tag, posix.resolve("/", dirname(file), path)]);
    return { ...rest, usingComponents: Object.fromEntries(named) };
  } catch (error) {
    throw new Error(`${file}: ${error.message}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = (path) => ({ type: "string", default: join(HOST, path) });
  const { root, out } = parseArgs({ options: { root: folder("../miniprogram"), out: folder("../dist/web") } }).values;
  const { whole, main, css } = await build({ root: resolve(root), out: resolve(out) }).catch(({ message }) => {
    console.error(message);
    process.exit(1);
  });
  console.log(`app.js ${kb(whole)} with the host, main package ${kb(main)} of JavaScript, app.css ${kb(css)}`);
}
