// Daily sheets that were never written: which days they are, and what each would say if it was like the last.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import esbuild from "esbuild";

const GRID = join(dirname(fileURLToPath(import.meta.url)), "../miniprogram/packages/grid");
let folder;
let sheets;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sheets-"));
  const outfile = join(folder, "sheets.mjs");
  await esbuild.build({ entryPoints: [join(GRID, "sheets.ts")], bundle: true, format: "esm", outfile, logLevel: "silent" });
  globalThis.wx = { getStorageSync: () => "" };
  sheets = await import(pathToFileURL(outfile));
});
after(() => rm(folder, { recursive: true }));

const ago = (days) => sheets.daysUpTo(sheets.today(), days + 1)[0];
const sheet = (days, entrances, place = "p") => ({ place_code: place, day: ago(days), entrances });
const told = (kept) => sheets.alike(kept, "p").map(({ day, entrances }) => [day, entrances]);

test("each missing day is like the last before it, however long before the days offered that was", () => {
  assert.deepEqual(told([sheet(9, 2), sheet(2, 1)]), [[ago(3), 2], [ago(1), 1], [ago(0), 1]]);
});

test("nothing is made up where nothing was ever recorded, nor from another compound", () => {
  assert.deepEqual(told([sheet(2, 1)]), [[ago(1), 1], [ago(0), 1]]); // three days ago there was nothing yet
  assert.deepEqual(told([sheet(2, 1, "q")]), []);
});

test("what is read back names the days that are sent, and no others", () => {
  assert.equal(sheets.named(sheets.alike([sheet(2, 1)], "p")), "昨天、今天");
});
