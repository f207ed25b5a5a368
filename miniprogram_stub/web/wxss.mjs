// WXSS to CSS: imports inlined, the phone's units measured by the phone's column (see #wx-stack in base.css), not by the
// window; and a component's class names made its own.
import { readFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";

export async function wxss(root, file) {
  let css = (await readFile(join(root, file), "utf8")).replace(/\/\*[^]*?\*\//g, "");
  for (const [line, name] of css.matchAll(/@import\s+["']([^"']+)["']\s*;/g)) {
    const imported = await wxss(root, posix.resolve("/", dirname(file), name));
    css = css.replace(line, () => imported);
  }
  return css.replace(/(-?[\d.]+)rpx\b/g, "calc(100cqw / 750 * $1)").replace(/(-?[\d.]+)v([wh])\b/g, "$1cq$2");
}

/** `.name` becomes `.scope--name`, as the templates name it; `:host` is the component's own element. */
export function scoped(css, scope) {
  return css.replace(/([^{};]+)\{/g, (whole, prelude) => {
    if (/^\s*(@|from\b|to\b|[\d.]+%)/.test(prelude)) return whole;
    const selector = prelude.replace(/:host(?![\w-])/g, `[wx-host="${scope}"]`);
    return `${selector.replace(/\.(-?[_a-zA-Z][\w-]*)/g, `.${scope}--$1`)}{`;
  });
}
