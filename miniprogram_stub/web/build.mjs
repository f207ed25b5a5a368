// Builds a mini-program for the browser: `node web/build.mjs [--root DIR] [--out DIR]`. What would surprise on a phone (a
// broken template, a component nobody registered, a wx call the host lacks, too much JavaScript) fails here, with its place.
import { existsSync } from "node:fs";
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

class Trouble extends Error {}
const failOn = (wrong) => { if (wrong.length) throw new Trouble(wrong.join("\n")); };

export async function build({ root, out }) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name).slice(root.length + 1)).sort();
  const app = await config(root, "app.json");
  const theme = app.themeLocation ? await config(root, app.themeLocation) : { light: {}, dark: {} };
  const packages = app.subPackages ?? app.subpackages ?? [];
  const pages = [...app.pages, ...packages.flatMap((one) => one.pages.map((page) => posix.join(one.root, page)))];
  const units = await unitsOf(root, app, pages);
  const assets = files.filter((file) => !CODE.test(file));
  await checkCalls(root, files);

  const css = await esbuild.transform(await styles(root, files, units), { loader: "css", minify: true, logLevel: "silent" });
  failOn(css.warnings.map(({ text, location }) => `WXSS: ${text} (${location.lineText.trim()})`));
  const js = await bundle(program({ root, app, theme, pages, units, assets, templates: await templates(root, files, app, units) }), root);

  const sizes = { whole: js.outputFiles[0].contents.length, main: mainPackage(js.metafile, root, packages), css: css.code.length };
  const isLarge = sizes.main > MAIN_PACKAGE_LIMIT;
  failOn(isLarge ? [`the main package has ${kb(sizes.main)} of JavaScript, more than ${kb(MAIN_PACKAGE_LIMIT)}: move pages to a subpackage`] : []);
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "app.js"), js.outputFiles[0].contents);
  await writeFile(join(out, "app.css"), css.code);
  await cp(join(HOST, "index.html"), join(out, "index.html"));
  for (const asset of assets) await cp(join(root, asset), join(out, asset));
  return sizes;
}

/** Every page and component that is reached, with its JSON: `path` is without an ending. */
async function unitsOf(root, app, pages) {
  const units = new Map();
  const absolute = (from, uses = {}) =>
    Object.fromEntries(Object.entries(uses).map(([tag, path]) => [tag, path.startsWith("/") ? path : posix.join("/", dirname(from), path)]));
  const visit = async (path, isPage, from) => {
    if (units.has(path)) return;
    const missing = [".wxml", ".ts"].filter((ending) => !existsSync(join(root, path + ending)));
    failOn(missing.length ? [`${from}: ${path} has no ${missing.join(" and no ")}`] : []);
    const own = existsSync(join(root, `${path}.json`)) ? await config(root, `${path}.json`) : {};
    const using = absolute(path, own.usingComponents);
    units.set(path, { path, isPage, config: own, using: { ...absolute("app", app.usingComponents), ...using }, scope: scopeOf(path) });
    for (const tag in using) await visit(using[tag].slice(1), false, `${path}.json, usingComponents "${tag}"`);
  };
  for (const [tag, path] of Object.entries(absolute("app", app.usingComponents))) await visit(path.slice(1), false, `app.json, usingComponents "${tag}"`);
  for (const page of pages) await visit(page, true, "app.json, pages");
  return [...units.values()];
}

async function templates(root, files, app, units) {
  const group = new TmplGroup();
  const wrong = [];
  const source = await readFile(join(HOST, "builtins.ts"), "utf8");
  const known = [...source.matchAll(/^define\("([\w-]+)"/gm)].map(([, tag]) => tag).concat("block", "template", "slot", "import", "include");
  for (const file of files.filter((name) => name.endsWith(".wxml"))) {
    const text = await read(root, file);
    const faults = group.addTmpl(file.slice(0, -5), text);
    wrong.push(...faults.map(({ message, startLine, startColumn }) => `${file}:${startLine + 1}:${startColumn + 1}: ${message}`));
    const unit = units.find(({ path }) => `${path}.wxml` === file);
    const tags = new Set([...known, ...Object.keys({ ...(unit?.using ?? app.usingComponents), ...unit?.config.componentGenerics })]);
    const bare = text.replace(/<!--[^]*?-->/g, (comment) => comment.replace(/[^\n]/g, " "));
    for (const { 1: tag, index } of bare.matchAll(/<([a-z][\w-]*)/g)) {
      if (!tags.has(tag)) wrong.push(`${file}:${bare.slice(0, index).split("\n").length}: <${tag}> is neither built in nor in usingComponents`);
    }
  }
  failOn(wrong);
  return group.getTmplGenObjectGroups();
}

/** Global words stay as they are, a component's get its name before them, a page's reach no further than the page. */
async function styles(root, files, units) {
  const sheets = [await readFile(join(HOST, "base.css"), "utf8"), files.includes("app.wxss") ? await wxss(root, "app.wxss") : ""];
  for (const { path, isPage, scope } of units.filter((unit) => files.includes(`${unit.path}.wxss`)).sort((a, b) => a.isPage - b.isPage)) {
    const sheet = await wxss(root, `${path}.wxss`);
    sheets.push(isPage ? `@scope ([data-page="${path}"]) {\n${sheet}\n}` : scoped(sheet, scope));
  }
  return sheets.join("\n");
}

async function checkCalls(root, files) {
  const host = await esbuild.build({ entryPoints: [join(HOST, "wx.ts")], bundle: true, format: "esm", write: false, metafile: true, logLevel: "silent" });
  const offered = Object.values(host.metafile.outputs)[0].exports;
  const wrong = [];
  for (const file of files.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))) {
    (await read(root, file)).split("\n").forEach((line, at) => {
      const names = /^\s*(\/\/|\/?\*)/.test(line) ? [] : [...line.matchAll(/\bwx\.(\w+)/g)].map(([, name]) => name);
      wrong.push(...names.filter((name) => !offered.includes(name)).map((name) => `${file}:${at + 1}: the browser host has no wx.${name} (web/wx.ts)`));
    });
  }
  failOn(wrong);
}

function program({ root, units, templates, ...site }) {
  const loader = (path) => `load: () => require(${JSON.stringify(join(root, `${path}.ts`))})`;
  const parts = units.map((unit) => `{ ...${JSON.stringify(unit)}, ${loader(unit.path)} }`);
  return `import { boot } from ${JSON.stringify(join(HOST, "boot.ts"))};
    boot({ ...${JSON.stringify(site)}, templates: ${templates}, ${loader("app")}, units: [${parts.join(",\n")}] });`;
}

async function bundle(contents, root) {
  const about = { bundle: true, minify: true, format: "iife", target: "es2020", charset: "utf8", outfile: "app.js", write: false, metafile: true };
  const stdin = { contents, resolveDir: HOST, sourcefile: "program.js" };
  try {
    return await esbuild.build({ ...about, stdin, define: { "process.env.NODE_ENV": '"production"' }, absWorkingDir: root, tsconfigRaw: {}, logLevel: "silent" });
  } catch ({ errors, message }) {
    throw new Trouble(errors?.map(({ text, location: at }) => `${at?.file}:${at?.line}:${at?.column}: ${text}`).join("\n") ?? message);
  }
}

function mainPackage(metafile, root, packages) {
  const isOwn = (file) => !file.startsWith("..") && existsSync(join(root, file)) && !packages.some((one) => file.startsWith(posix.join(one.root, "/")));
  const inputs = Object.entries(Object.values(metafile.outputs)[0].inputs).filter(([file]) => isOwn(file));
  return inputs.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0);
}

async function config(root, file) {
  try {
    return JSON.parse(await read(root, file));
  } catch (error) { throw new Trouble(`${file}: ${error.message}`); }
}

const read = (root, file) => readFile(join(root, file), "utf8");
const scopeOf = (path) => path.replace(/\W+/g, "-");
const kb = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { root, out } = parseArgs({ options: { root: { type: "string", default: join(HOST, "../miniprogram") }, out: { type: "string", default: join(HOST, "../dist/web") } } }).values;
  try {
    const { whole, main, css } = await build({ root: resolve(root), out: resolve(out) });
    console.log(`app.js ${kb(whole)} with the host, main package ${kb(main)} of JavaScript, app.css ${kb(css)}`);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
