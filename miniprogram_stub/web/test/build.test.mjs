import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { build } from "../build.mjs";
import { FIXTURE } from "../testing/phone.mjs";

const BUILD = fileURLToPath(new URL("../build.mjs", import.meta.url));
let dir;
before(() => (dir = mkdtempSync(join(tmpdir(), "build-"))));
after(() => rmSync(dir, { recursive: true }));

/** The fixture as changed by `change`, and where to build it. */
function copied(change = () => undefined) {
  const root = mkdtempSync(join(dir, "root-"));
  cpSync(FIXTURE, root, { recursive: true });
  const file = (name) => ({
    add: (text) => writeFileSync(join(root, name), readFileSync(join(root, name), "utf8") + text),
    replace: (from, to) => writeFileSync(join(root, name), readFileSync(join(root, name), "utf8").replace(from, to)),
    remove: () => rmSync(join(root, name)),
  });
  change(file);
  return { root, out: join(root, "..", "out") };
}

function command({ root, out }) {
  return new Promise((resolve) =>
    execFile(process.execPath, [BUILD, "--root", root, "--out", out], (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr })),
  );
}

test("a build leaves three files and the pictures, with nothing inline, and tells the sizes", async () => {
  const { root, out } = copied();
  const { code, stdout } = await command({ root, out });
  assert.equal(code, 0);
  assert.match(stdout, /^app\.js [\d.]+ KB with the host, main package [\d.]+ KB of JavaScript/);
  const html = readFileSync(join(out, "index.html"), "utf8");
  assert.match(html, /<html lang="zh-CN">/);
  assert.doesNotMatch(html, /<style|style=|<script>|user-scalable/);
  assert.ok(existsSync(join(out, "assets/dot.png")));
  assert.ok(!existsSync(join(out, "app.json")));
});

const failures = [
  ["an unclosed tag", (file) => file("pages/two/two.wxml").add("<view>\n<text>"), /pages\/two\/two\.wxml:2:\d+: missing end tag/],
  ["a broken expression", (file) => file("pages/two/two.wxml").add("<view>{{ a + }}</view>"), /pages\/two\/two\.wxml:2:\d+: unexpected/],
  ["an unknown tag", (file) => file("pages/two/two.wxml").add("<map></map>"), /two\.wxml:2: <map> is neither built in nor in usingComponents/],
  ["a missing component", (file) => file("components/box/box.json").replace("../plain/plain", "../plane/plane"), /box\.json, usingComponents "plain": components\/plane\/plane has not all of/],
  ["a missing page", (file) => file("pages/two/two.wxml").remove(), /app\.json, pages: pages\/two\/two has not all of \.ts, \.wxml and \.json/],
  ["an unknown wx function", (file) => file("pages/two/two.ts").add("\nwx.flyToMoon();\n"), /pages\/two\/two\.ts:\d+: the browser host has no wx\.flyToMoon/],
  ["broken TypeScript", (file) => file("pages/two/two.ts").add("\nconst = 1;\n"), /pages\/two\/two\.ts:\d+:\d+: ERROR: Expected identifier/],
  ["broken JSON", (file) => file("pages/two/two.json").add("}"), /pages\/two\/two\.json: /],
  ["broken WXSS", (file) => file("pages/two/two.wxss").add(".a { color: red; } }"), /WXSS: Unexpected "}"/],
  ["too much JavaScript in the main package", (file) => file("pages/two/two.ts").add(`\n(globalThis as any).big = "${"x".repeat(310_000)}";\n`), /the main package has 3\d\d\.\d KB of JavaScript, more than 300\.0 KB/],
];
for (const [what, change, says] of failures) {
  test(`a build fails on ${what} and says where`, () => assert.rejects(build(copied(change)), { message: says }));
}

test("a failed build tells its reason in plain words and leaves with 1", async () => {
  const { code, stderr } = await command(copied((file) => file("app.json").replace('"pages/two/two"]', '"pages/three/three"]')));
  assert.equal(code, 1);
  assert.equal(stderr, "app.json, pages: pages/three/three has not all of .ts, .wxml and .json\n");
});

test("what a subpackage carries does not count against the main package", async () => {
  const { main, whole } = await build(copied((file) => file("packages/sub/form/form.ts").add(`\n(globalThis as any).big = "${"x".repeat(310_000)}";\n`)));
  assert.ok(main < 10_000 && whole > 310_000);
});
