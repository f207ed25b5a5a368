// Every page there is, in light, in dark and in the largest print: nothing cut, nothing to scroll sideways for, nothing
// serious for axe. A page that app.json lists and nobody visits here is a failure.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { api, look, phone, putAway } from "./kit.mjs";

after(putAway);

const app = JSON.parse(readFileSync(new URL("../miniprogram/app.json", import.meta.url), "utf8"));
const PAGES = [...app.pages, ...app.subPackages.flatMap(({ root, pages }) => pages.map((page) => `${root}/${page}`))];
const COMMUNITY = "420112004007";
const visited = new Set();

const first = async (person, path) => {
  const { items } = await (await api(person))("GET", path);
  assert.ok(items.length, `${person} finds nothing under ${path}`);
  return items[0].id;
};

/** Who goes where: [page within its package, query]. */
const TOURS = {
  张敏: async () => [
    ["pages/home/home"], ["pages/groups/groups"], ["pages/medicine/medicine"], ["pages/me/me"],
  ],
};

for (const [person, tour] of Object.entries(TOURS)) {
  test(`${person} sees every page well`, async () => {
    const visits = await tour();
    const page = await phone(person);
    for (const [path, query = ""] of visits) {
      visited.add(path);
      await page.evaluate((to) => wx.reLaunch({ url: to }), `/${path}${query}`);
      await everyLook(page, path.split("/").at(-1));
    }
    page.quiet();
    await page.context().close();
  });
}

test("no page was forgotten", () => {
  assert.deepEqual(PAGES.filter((page) => !visited.has(page)), []);
});

/** A page looks the same whether the phone or the person asked for dark or for large print: one load is enough. */
async function everyLook(page, name) {
  await look(page, `${name}-light`);
  await page.emulateMedia({ colorScheme: "dark" });
  await look(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.evaluate(() => document.querySelectorAll(".screen").forEach((screen) => screen.classList.replace("step-1", "step-4")));
  await look(page, `${name}-largest`);
}
