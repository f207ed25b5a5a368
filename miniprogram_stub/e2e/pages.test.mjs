// Every page there is, in light, in dark and in the largest print: nothing cut, nothing to scroll sideways for, nothing
// serious for axe. A page that app.json lists and nobody visits here is a failure.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { api, APP, browser, look, phone, putAway } from "./kit.mjs";

const app = JSON.parse(readFileSync(new URL("../miniprogram/app.json", import.meta.url), "utf8"));
const PAGES = [...app.pages, ...app.subPackages.flatMap(({ root, pages }) => pages.map((page) => `${root}/${page}`))];
const COMMUNITY = "420112004007";
const READY = `${COMMUNITY}-001`;
const NOTICED = `${COMMUNITY}-005`;
const visited = new Set();
let hands; // the API, as each of them

before(async () => {
  const names = ["张敏", "刘大爷", "王秀英", "罗志刚", "宋海涛", "周建华", "李国强"];
  hands = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await api(name)])));
});
after(putAway);

/** Who goes where: [page, query]. */
const TOURS = {
  async 张敏() {
    const [order] = await listed("张敏", "/orders");
    const [popular, open] = (await listed("张敏", "/public/campaigns")).filter(({ status }) => status === "open");
    const [request] = await listed("张敏", "/medicine-requests");
    const { application_id: notice } = (await listed("张敏", "/public/notices"))[0];
    const raised = await hands.张敏("POST", `/public/notices/${notice}/objections`, { text: "夜里还有人从东门进出" });
    const passed = await passOn(popular);
    return [
      ["pages/home/home"], ["pages/groups/groups"], ["pages/medicine/medicine"], ["pages/me/me"],
      ["packages/groupbuy/campaign/campaign", `?id=${open.id}`],
      ["packages/groupbuy/orders/orders"],
      ["packages/groupbuy/order/order", `?id=${order.id}`],
      ["packages/groupbuy/change/change", `?order=${order.id}`],
      ["packages/groupbuy/claim/claim", `?order=${order.id}`],
      ["packages/groupbuy/transfer/transfer", `?id=${passed.id}`],
      ["packages/medicine/ask/ask"],
      ["packages/medicine/request/request", `?id=${request.id}`],
      ["packages/medicine/courses/courses"],
      ["packages/medicine/offers/offers"],
      ["packages/community/place/place", `?code=${NOTICED}`],
      ["packages/community/search/search"],
      ["packages/community/notices/notices"],
      ["packages/community/batches/batches"],
      ["packages/community/object/object", `?application=${notice}`],
      ["packages/community/objection/objection", `?id=${raised.id}`],
      ["packages/account/household/household"],
      ["packages/account/inbox/inbox"],
      ["packages/account/settings/settings"],
    ];
  },
  async 罗志刚() {
    const [claim] = await listed("罗志刚", "/task-claims");
    return [
      ["packages/volunteer/now/now"],
      ["packages/volunteer/mine/mine"],
      ["packages/volunteer/task/task", `?id=${claim.id}`],
      ["packages/volunteer/give/give", `?id=${claim.id}`],
      ["packages/volunteer/incident/incident", `?id=${claim.id}`],
      ["packages/volunteer/hand-overs/hand-overs"],
      ["packages/volunteer/hours/hours"],
    ];
  },
  async 宋海涛() {
    const [trip] = await listed("宋海涛", "/medicine-trips");
    const { packages } = await hands.宋海涛("GET", `/medicine-trips/${trip.id}`);
    return [
      ["packages/volunteer/trips/trips"],
      ["packages/volunteer/trip/trip", `?id=${trip.id}`],
      ["packages/volunteer/shop/shop", `?id=${trip.id}`],
      ["packages/volunteer/medicine-door/medicine-door", `?id=${packages[0].request_id}`],
    ];
  },
  async 王秀英() {
    const [home] = (await hands.王秀英("GET", `/households?place=${READY}-001-001&limit=1`)).items;
    return [
      ["packages/grid/work/work"],
      ["packages/grid/apply/apply", `?place=${COMMUNITY}-002`],
      ["packages/grid/daily/daily", `?place=${READY}`],
      ["packages/grid/households/households", `?place=${READY}-001`],
      ["packages/grid/household/household", `?id=${home.id}`],
      ["packages/grid/coverage/coverage", `?place=${COMMUNITY}`],
      ["packages/grid/cases/cases", `?place=${COMMUNITY}-002`],
    ];
  },
  async 李国强() {
    return [["packages/grid/appointments/appointments"]];
  },
  async 周建华() {
    const running = (await listed("周建华", "/certifications")).find(({ status }) => ["public_notice", "notice_frozen"].includes(status));
    return [
      ["packages/review/queue/queue"],
      ["packages/review/application/application", `?id=${running.id}`],
      ["packages/review/objections/objections"],
    ];
  },
};

for (const [person, tour] of Object.entries(TOURS)) {
  test(`${person} sees every page well`, async () => {
    const visits = await tour();
    const page = await phone(person);
    for (const [path, query = ""] of visits) {
      visited.add(path);
      await page.evaluate((to) => wx.reLaunch({ url: to }), `/${path}${query}`);
      await everyLook(page, path.split("/").slice(1, -1).join("-"));
    }
    page.quiet();
    await page.context().close();
  });
}

test("no page was forgotten", () => {
  assert.deepEqual(PAGES.filter((page) => !visited.has(page)), []);
});

test("the first page can be used within a second", async () => {
  const seconds = [];
  for (let round = 0; round < 3; round++) {
    const page = await (await browser()).newPage({ viewport: { width: 390, height: 844 } });
    const began = performance.now();
    await page.goto(`${APP}/app/?as=visitor`);
    await page.getByRole("tab", { name: "团购" }).waitFor();
    await page.locator(".screen .card").first().waitFor();
    seconds.push((performance.now() - began) / 1000);
    await page.close();
  }
  console.log(`first page: ${seconds.map((one) => one.toFixed(2)).join(", ")} s`);
  assert.ok(Math.min(...seconds) < 1, `${seconds}`);
});

/** A page looks the same whether the phone or the person asked for dark or for large print: one load is enough. */
async function everyLook(page, name) {
  await look(page, `${name}-light`);
  await page.emulateMedia({ colorScheme: "dark" });
  await look(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.evaluate(() => document.querySelectorAll(".screen").forEach((screen) => screen.classList.replace("step-1", "step-4")));
  assert.ok(await page.locator(".screen.step-4").count(), `${name}: the print did not grow`);
  await look(page, `${name}-largest`);
}

async function listed(person, path) {
  const { items } = await hands[person]("GET", path);
  assert.ok(items.length, `${person} finds nothing under ${path}`);
  return items;
}

/** An order that 何婆婆's home passes on to 张敏's. */
async function passOn(campaign) {
  const [hers] = (await hands.刘大爷("GET", `/households?place=${READY}-001-001&limit=100`)).items.filter(({ room }) => room === "301");
  const lines = [{ item_id: campaign.items[0].id, quantity: 1 }];
  const wish = { campaign_id: campaign.id, household_id: hers.id, consent: "voice", terms: "on_delivery", lines };
  const ordered = await hands.刘大爷("POST", "/orders", wish);
  await hands.刘大爷("POST", `/demo/campaigns/${campaign.id}/skip-ahead`);
  const { homes } = await hands.张敏("GET", "/me");
  const asked = { kind: "transfer", to_household_id: homes[0].id, reason: "出门隔离" };
  return hands.王秀英("POST", `/orders/${ordered.id}/change-requests`, asked);
}
