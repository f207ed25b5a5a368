// A volunteer fetches medicine: the list at the counter, what it cost, the way back, the right person at the door.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { api, go, look, phone, putAway, screen, sees, tap } from "./kit.mjs";

const COMMUNITY = "420112004007";
const TABLETS = { name: "宁压片（演示）", maker: "江汉制药", specification: "5毫克×28片", form: "tablet", quantity: 2, ceiling_fen: 6800 };
const SYRUP = { name: "润喉糖浆（演示）", specification: "100毫升", form: "liquid", quantity: 1, ceiling_fen: 2600 };

after(putAway);

test("from the sealed list to the door, at the largest print", async () => {
  const [she, coordinator] = await Promise.all(["张敏", "冯玉洁"].map(api));
  const request = await she("POST", "/medicine-requests", { lines: [TABLETS, SYRUP] });
  const trip = await sealed(request);
  const { name, claim } = await taken("medicine_trip", COMMUNITY);
  const page = await phone(name, { path: `packages/volunteer/task/task?id=${claim.id}`, font: 1.5 });

  await tap(page, "开始", { exact: true });
  await sees(page, "进行中");
  await tap(page, "去看这趟买药");
  await look(page, "errand-trips");
  await go(page, `packages/volunteer/trip/trip?id=${trip}`);
  await sees(page, "药包 1 个");
  await look(page, "errand-trip");
  assert.doesNotMatch(await screen(page).innerText(), /宁压片|张敏/, "neither the medicine nor the patient");
  await tap(page, "出行证明，给卡口看");
  await sees(page, "值守人员扫码");
  const { height } = await page.getByRole("img", { name: "核验用的二维码" }).filter({ visible: true }).boundingBox();
  assert.ok(height > 150, `a code of ${height} px is hard to scan`);
  await look(page, "errand-pass");
  await page.getByRole("button", { name: "关闭" }).filter({ visible: true }).first().tap();
  await sure(page, "到药店了");

  await buys(page);
  await tap(page, "返回");
  await sure(page, "买完了，返回");
  await sure(page, "回来了，开始分发");
  await tap(page, "分装这一包");
  await sees(page, "1 号药包里放");
  await sees(page, TABLETS.name);
  await look(page, "errand-bag");
  await tap(page, "放好了");

  const { code: said } = await coordinator("GET", `/tasks/${claim.task_id}`);
  await go(page, `packages/volunteer/task/task?id=${claim.id}`);
  await page.getByRole("textbox", { name: "完成码" }).or(page.getByLabel("完成码 6 位数字")).filter({ visible: true }).last().fill(said);
  await tap(page, "登记完成");
  await sees(page, "已核实");

  const round = await taken("medicine_delivery", `${COMMUNITY}-001-001`, name);
  await handsOver(page, round.claim, she, request);
  assert.equal((await she("GET", `/medicine-requests/${request.id}`)).status, "delivered");
  page.quiet();
  await page.context().close();
});

/** Tap, read it back, and say yes with the same words. */
async function sure(page, name) {
  await tap(page, name);
  await page.getByRole("dialog").getByRole("button", { name, exact: true }).tap();
  await page.getByRole("dialog").filter({ visible: true }).first().waitFor({ state: "detached" });
}

async function buys(page) {
  await tap(page, "采买清单");
  await tap(page, "看清单");
  await sees(page, TABLETS.name);
  await look(page, "errand-list");
  await tap(page, `买到了：${TABLETS.name}`);
  const field = (label) => page.getByLabel(label).filter({ visible: true }).last();
  await field(/^一共多少元/).fill("59.8");
  await field(/^批号/).fill("DEMO-02");
  await page.getByRole("combobox", { name: "有效期到" }).filter({ visible: true }).tap();
  await page.getByRole("dialog").locator("input[type=date]").fill(new Date(Date.now() + 400 * 24 * 3600_000).toISOString().slice(0, 10));
  await tap(page, "确定");
  await look(page, "errand-buy");
  await tap(page, "登记", { exact: true });
  await sees(page, "宁压片（演示） 2 份，一共 59.80 元");
  await page.getByRole("dialog").getByRole("button", { name: "登记", exact: true }).last().tap();
  await sees(page, "2 份，59.80 元");
  await tap(page, `没买到：${SYRUP.name}`);
  await tap(page, "缺货");
  await page.getByRole("dialog").getByRole("button", { name: "登记", exact: true }).last().tap();
  await sees(page, "没有买到");
  await look(page, "errand-bought");
}

async function handsOver(page, claim, she, request) {
  await go(page, `packages/volunteer/task/task?id=${claim.id}`);
  await tap(page, "开始", { exact: true });
  await tap(page, /^登记 .*502$/);
  await sees(page, "先核对是不是本人");
  await look(page, "errand-door");
  const { code } = await she("POST", `/medicine-requests/${request.id}/code`);
  await page.getByLabel(/^四位数字/).filter({ visible: true }).last().fill(code);
  await tap(page, "核对好了，交药");
  await page.getByRole("dialog").getByRole("button", { name: "交药", exact: true }).tap();
  await sees(page, "住户还欠 59.80 元");
  await tap(page, "知道了");
  await tap(page, "全部办完，交给核实");
  await page.getByRole("dialog").getByRole("button", { name: "办完了", exact: true }).tap();
  await sees(page, "已完成，等待核实");
}

async function sealed(request) {
  const [worker, secretary] = await Promise.all(["陈静", "李国强"].map(api));
  await worker("POST", `/medicine-requests/${request.id}/check`, { revision: request.revision });
  const { items } = await secretary("GET", "/pharmacies?limit=100");
  const shop = items.find(({ name }) => name === "金银湖重症定点药店");
  let trip = await secretary("POST", "/medicine-trips", { place_code: COMMUNITY, pharmacy_id: shop.id });
  trip = await secretary("POST", `/medicine-trips/${trip.id}/requests`, { request_id: request.id, revision: trip.revision });
  await secretary("POST", `/medicine-trips/${trip.id}/steps`, { action: "seal", revision: trip.revision });
  return trip.id;
}

/** The newest open task of the kind, by the first to whom it is offered. */
async function taken(kind, place, only) {
  const { items } = await (await api("冯玉洁"))("GET", `/tasks?place=${place}&status=open&limit=100`);
  const [task] = items.filter((one) => one.kind === kind).sort((a, b) => (a.id < b.id ? 1 : -1));
  for (const name of only ? [only] : ["罗志刚", "丁小军", "宋海涛"]) {
    const hand = await api(name);
    const offers = (await hand("GET", "/tasks/for-me")).items;
    if (offers.some((one) => one.id === task.id && one.offered)) return { name, claim: await hand("POST", `/tasks/${task.id}/claim`) };
  }
  throw new Error(`nobody has time for ${task.title}`);
}
