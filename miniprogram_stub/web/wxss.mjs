// WXSS to CSS: imports inlined, the phone's units measured by the phone's column (see #wx-stack in base.css), not by the
// window; and a component's class names made its own.
import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

const COMMENT = /\/\*[^]*?\*\//g;
const IMPORT = /@import\s+["']([^"']+)["']\s*;/g;

export async function wxss(root, file) {
  let text = (await readFile(join(root, file), "utf8")).replace(COMMENT, "");
  for (const [line, name] of text.matchAll(IMPORT)) {
    const target = name.startsWith("/") ? name.slice(1) : posix.join(dirname(file), name);
    const imported = await wxss(root, target);
    text = text.replace(line, () => imported);
  }
  return units(text);
}

const units = (css) =>
  css
    .replace(/(-?[\d.]+)rpx\b/g, "calc(100cqw / 750 * $1)")
    .replace(/(-?[\d.]+)vw\b/g, "$1cqw")
    .replace(/(-?[\d.]+)vh\b/g, "$1cqh");

/** `.name` becomes `.scope--name`, as the templates name it; `:host` is the component's own element. */
export function scoped(css, scope) {
  return css.replace(/([^{};]+)\{/g, (whole, prelude) => {
    if (/^\s*(@|from\b|to\b|[\d.]+%)/.test(prelude)) return whole;
    const selector = prelude.replace(/:host(?![\w-])/g, `[wx-host="${scope}"]`);
    return `${selector.replace(/\.(-?[_a-zA-Z][\w-]*)/g, `.${scope}--$1`)}{`;
  });
}
