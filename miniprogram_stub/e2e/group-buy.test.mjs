// 张敏 orders and pays, sees her number called without touching the phone, and gets money back for what was spoiled;
// 刘大爷 orders for 何婆婆, who has no phone. Once as the phone comes, once at the largest print; looked at is what no page shows
// by itself (pages.test.mjs has the rest). And, in the dark: what is sold out is waited for, minds are changed before and after
// the cut-off, and a stranger may look.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { api, go, look, phone, putAway, screen, sees, tap } from "./kit.mjs";

const COMPOUND = "420112004007-001";
const HER_STAIRS = `${COMPOUND}-001-001`;
const TEN_SECONDS = 10_000;
const GREENS = { name: "土豆白菜包", share_label: "份", cost_fen: 2600, freight_fen: 300, organiser_fen: 100, total: 20, cap: 3, case_size: 6, perishable: true };
const hour = (from) => new Date(Date.now() + from * 3600_000).toISOString();

after(putAway);

/** A group buy of 胡桂芳's, open now, and her hand on it. */
async function openedBy(organiser, title, items = [GREENS]) {
  const campaign = await organiser("POST", "/campaigns", {
    place_code: COMPOUND, title, supplier: "慈惠街蔬菜基地", policy: "one_each_first", opens_at: hour(-1), cut_off_at: hour(24),
    pickup_place: "马池苑西门岗亭", allows_on_delivery: true, batch_size: 1, at_once: 2, items,
  });
  const step = async (action, body = {}) => {
    const { revision } = await organiser("GET", `/campaigns/${campaign.id}`);
    return organiser("POST", `/campaigns/${campaign.id}/${action}`, { revision, ...body });
  };
  await step("publish");
  return { id: campaign.id, item: campaign.items[0].id, step, orders: () => organiser("GET", `/campaigns/${campaign.id}/orders`) };
}

/** Cut off, bought and brought, and the numbers given out. */
async function brought(organiser, campaign, quantity) {
  await organiser("POST", `/demo/campaigns/${campaign.id}/skip-ahead`);
  await campaign.step("order");
  await campaign.step("dispatch");
  await campaign.step("arrive", { counts: [{ item_id: campaign.item, quantity, lot: "20200312-A" }] });
  await (await api("李国强"))("POST", `/campaigns/${campaign.id}/quiet-consent`, { reason: "晚上也可以叫号" });
  await campaign.step("hand-out");
}

/** Two taps of a trembling thumb. */
const twice = (page, name) =>
  page.getByRole("button", { name }).filter({ visible: true }).first().evaluate((button) => {
    button.click();
    button.click();
  });

/** The last word, in the phone's own window. */
const confirm = (page, word) => page.locator("dialog").getByRole("button", { name: word, exact: true }).tap();

async function aJpeg(page) {
  const url = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 240 });
    const pen = canvas.getContext("2d");
    for (let i = 0; i < 40; i++) {
      pen.fillStyle = `hsl(${i * 9} 60% 40%)`;
      pen.fillRect(i * 8, 0, 8, 240);
    }
    return canvas.toDataURL("image/jpeg");
  });
  return { name: "box.jpg", mimeType: "image/jpeg", buffer: Buffer.from(url.split(",")[1], "base64") };
}

for (const font of [1, 1.5]) {
  const print = font === 1 ? "" : "-largest";
  const glance = font === 1 ? look : async () => undefined;

  test(`ordered, paid, called, claimed${print}`, async () => {
    const [organiser, volunteer, head] = await Promise.all(["胡桂芳", "丁小军", "刘大爷"].map(api));
    const title = `土豆白菜包 ${Date.now().toString(36)}`; // a second run finds its own
    const campaign = await openedBy(organiser, title);

    // 张敏: one, two, three.
    const her = await phone("张敏", { path: "pages/groups/groups", font });
    await her.clock.install();
    await tap(her, title);
    await tap(her, "土豆白菜包加一");
    await tap(her, "下单", { exact: true });
    await look(her, `read-back${print}`);
    await tap(her, "确认，付款 ¥60.00");
    await tap(her, "允许");
    await tap(her, "确认付款");
    await sees(her, "已经付清");
    await glance(her, "order-paid");
    const [hers] = (await campaign.orders()).items;
    assert.deepEqual([hers.status, hers.paid_fen, hers.lines[0].quantity], ["paid", 6000, 2]);

    // 刘大爷 for 何婆婆: a household of the register, and how she agreed. Two quick taps are one order.
    const doors = await head("GET", `/households?place=${HER_STAIRS}&limit=100`);
    const home = doors.items.find((one) => one.room === "301");
    const his = await phone("刘大爷", { path: `packages/groupbuy/campaign/campaign?id=${campaign.id}&household=${home.id}`, font });
    await sees(his, "替 马池苑 1栋 1单元 301 下单");
    await his.getByText("货到付款", { exact: true }).filter({ visible: true }).tap();
    await tap(his, "下单", { exact: true });
    await his.getByText("当面同意").tap();
    await look(his, `behalf${print}`);
    await twice(his, "确认下单，共 ¥30.00");
    await tap(his, "暂不");
    await sees(his, "货到了再付");
    assert.equal(await his.locator("dialog").count(), 0);
    const [elders, ...more] = (await campaign.orders()).items.filter((one) => one.household_id === home.id);
    assert.deepEqual([elders.consent_kind, elders.terms, elders.status], ["in_person", "on_delivery", "on_delivery"]);
    assert.deepEqual(more, []);
    assert.equal(await his.getByRole("button", { name: "现在就付" }).count(), 0); // hers to pay, not his
    await go(his, `packages/groupbuy/orders/orders?household=${home.id}`);
    await sees(his, "已经订过的");
    await sees(his, "货到了再付");
    await glance(his, "behalf-orders");
    his.quiet();
    await his.context().close();

    // The lorry brings two of three. She is told why, and gets the difference back.
    await brought(organiser, campaign, 2);
    await go(her, "pages/groups/groups");
    await sees(her, "可以领取了");
    await tap(her, `${title} 可以领取`, { exact: false });
    await sees(her, "取货号");
    await sees(her, /分到 1 份/);
    await look(her, `number${print}`);

    // Her turn comes; nobody touches the phone.
    const [first] = (await volunteer("POST", `/campaigns/${campaign.id}/call-next`)).orders;
    assert.equal(first.order_id, elders.id);
    await organiser("POST", `/orders/${elders.id}/receipts`, { method: "cash", amount_fen: first.owed_fen, receipt: `S-${elders.id.slice(-8)}` });
    await volunteer("POST", `/orders/${elders.id}/collect`, { revision: first.revision });
    const [second] = (await volunteer("POST", `/campaigns/${campaign.id}/call-next`)).orders;
    assert.equal(second.order_id, hers.id);
    await her.clock.fastForward(TEN_SECONDS);
    await sees(her, `正在叫 ${second.number} 号`);
    await glance(her, "called");
    await volunteer("POST", `/orders/${hers.id}/collect`, { revision: second.revision });
    await her.clock.fastForward(TEN_SECONDS);
    await sees(her, "已领取");
    await glance(her, "collected");

    // Some of it is spoiled: a photo, an offer, agreed.
    await tap(her, "东西有问题", { exact: false });
    await her.getByText("变质", { exact: true }).tap();
    await screen(her).getByLabel("说说情况").fill("最下面两棵烂了");
    const chooser = her.waitForEvent("filechooser");
    await tap(her, "拍照");
    await confirm(her, "同意"); // WeChat's own word on privacy, before the first photo
    await (await chooser).setFiles(await aJpeg(her));
    await glance(her, "claim");
    await tap(her, "提出", { exact: true });
    await confirm(her, "提出");
    await sees(her, "等待团长答复");
    const [claim] = (await organiser("GET", `/campaigns/${campaign.id}/claims`)).items;
    assert.deepEqual([claim.kind, claim.quantity, claim.photo_ids.length, claim.text], ["spoiled", 1, 1, "最下面两棵烂了"]);
    await organiser("POST", `/claims/${claim.id}/offer`, { revision: claim.revision, amount_fen: 1200 });
    await tap(her, "看第 1 张照片");
    await screen(her).getByRole("img", { name: "第 1 张照片" }).waitFor();
    await her.goBack();
    await tap(her, "变质", { exact: false });
    await sees(her, "团长提出退 ¥12.00");
    await look(her, `claim-offered${print}`);
    await tap(her, "接受", { exact: true });
    await confirm(her, "接受");
    await sees(her, "双方谈妥");
    assert.equal((await organiser("GET", `/claims/${claim.id}`)).refund_fen, 1200);
    her.quiet();
    await her.context().close();
  });
}

test("sold out, and minds changed, in the dark", async () => {
  const [organiser, grid, mine] = await Promise.all(["胡桂芳", "王秀英", "张敏"].map(api));
  const stamp = Date.now().toString(36);

  // The only share is gone: she stands in line, and leaves it.
  const scarce = await openedBy(organiser, `排骨 ${stamp}`, [{ ...GREENS, name: "排骨", total: 1, cap: 1, case_size: 1 }]);
  const doors = await grid("GET", `/households?place=${HER_STAIRS}&limit=100`);
  const neighbour = doors.items.find((one) => !["301", "502"].includes(one.room));
  const one = { campaign_id: scarce.id, lines: [{ item_id: scarce.item, quantity: 1 }], terms: "on_delivery" };
  await grid("POST", "/orders", { ...one, household_id: neighbour.id, consent: "voice" });
  const her = await phone("张敏", { path: `packages/groupbuy/campaign/campaign?id=${scarce.id}`, dark: true });
  await sees(her, "已订完，可以候补");
  await tap(her, "登记候补");
  await look(her, "waiting-sheet-dark");
  await tap(her, "排队等候");
  await tap(her, "暂不");
  await sees(her, "候补中");
  await look(her, "waiting-dark");
  const line = () => mine("GET", `/campaigns/${scarce.id}/waiting`).then(({ items }) => items.map(({ status, quantity }) => [status, quantity]));
  assert.deepEqual(await line(), [["waiting", 1]]);
  await tap(her, "退出候补");
  await confirm(her, "退出候补");
  await sees(her, "登记候补");
  await screen(her).getByText("候补中").waitFor({ state: "detached" });
  assert.deepEqual(await line(), [["left", 1]]);

  // Before the cut-off: not paid yet, now paid; one more is fine; no, none at all.
  const greens = await openedBy(organiser, `小白菜 ${stamp}`);
  const wish = { campaign_id: greens.id, lines: [{ item_id: greens.item, quantity: 1 }], terms: "on_delivery" };
  const first = await mine("POST", "/orders", { ...wish, terms: "prepaid" });
  await go(her, `packages/groupbuy/order/order?id=${first.id}`);
  await sees(her, "过时让给邻居");
  await tap(her, "付款", { exact: true });
  await confirm(her, "取消");
  await sees(her, "等待付款");
  await tap(her, "付款", { exact: true });
  await confirm(her, "确认付款");
  await sees(her, "已经付清");
  await tap(her, "愿意多要");
  await sees(her, "最多再加 1 份");
  await look(her, "extra-dark");
  await tap(her, "取消订单");
  await confirm(her, "取消订单");
  await sees(her, "已取消");
  const { items: [payment] } = await mine("GET", `/orders/${first.id}/payments`);
  assert.deepEqual([(await mine("GET", `/orders/${first.id}`)).status, payment.amount_fen, payment.refunded_fen], ["cancelled", 3000, 3000]);

  // After it: she asks the community, and takes it back; a neighbour's order becomes hers.
  const second = await mine("POST", "/orders", wish);
  const passed = await grid("POST", "/orders", { ...wish, household_id: neighbour.id, consent: "voice" });
  await organiser("POST", `/demo/campaigns/${greens.id}/skip-ahead`);
  await go(her, `packages/groupbuy/order/order?id=${second.id}`);
  await tap(her, "申请退出或转让", { exact: false });
  await her.getByText("有困难，请社区帮我退出").tap();
  await screen(her).getByLabel("原因").fill("家里断了收入");
  await tap(her, "提出申请");
  await confirm(her, "提出申请");
  await sees(her, "因困难退出");
  const asked = async () => (await (await api("李国强"))("GET", "/change-requests")).items.find(({ order_id }) => order_id === second.id);
  assert.deepEqual([(await asked()).kind, (await asked()).reason], ["hardship", "家里断了收入"]);
  await look(her, "changing-dark");
  await tap(her, "撤回申请");
  await confirm(her, "撤回");
  await tap(her, "申请退出或转让", { exact: false });
  assert.equal((await asked()).status, "withdrawn");
  const to_household_id = (await mine("GET", "/me")).homes[0].id;
  await grid("POST", `/orders/${passed.id}/change-requests`, { kind: "transfer", to_household_id, reason: "出门隔离" });
  await go(her, "pages/groups/groups");
  await tap(her, "邻居想把一份订单转给您家", { exact: false });
  await tap(her, "接手", { exact: true });
  await confirm(her, "接手");
  await sees(her, "已办成");
  assert.equal((await mine("GET", `/orders/${passed.id}`)).household_id, to_household_id);
  await go(her, "packages/groupbuy/orders/orders");
  await sees(her, `小白菜 ${stamp}`);
  her.quiet();
  await her.context().close();

  // A stranger sees what is offered and at what price, and how to be let in.
  const guest = await phone(`路过 ${stamp}`, { path: "pages/groups/groups" });
  await tap(guest, `排骨 ${stamp}`, { exact: false });
  await sees(guest, /团长所得 ¥1.00/);
  await sees(guest, "怎样下单");
  await look(guest, "stranger");
  assert.equal(await guest.getByRole("button", { name: "下单", exact: true }).count(), 0);
  guest.quiet();
  await guest.context().close();
});

test("a standing consent is not asked for again; who one is may be unknown for a while", async () => {
  const [organiser, grid, head] = await Promise.all(["胡桂芳", "王秀英", "刘大爷"].map(api));
  const campaign = await openedBy(organiser, `青菜 ${Date.now().toString(36)}`);
  const doors = await grid("GET", `/households?place=${HER_STAIRS}&limit=100`);
  const home = doors.items.find((one) => one.room === "301");
  const given = await grid("POST", `/households/${home.id}/consents`, { given_to: (await head("GET", "/me")).id, kind: "voice" });

  const his = await phone("刘大爷", { path: `packages/groupbuy/campaign/campaign?id=${campaign.id}&household=${home.id}` });
  await tap(his, "下单", { exact: true });
  assert.equal(await his.getByText("对方怎样同意的").filter({ visible: true }).count(), 0);
  await tap(his, "确认，付款 ¥30.00");
  await tap(his, "暂不");
  await confirm(his, "取消");
  await sees(his, "等待付款");
  await tap(his, "付款", { exact: true }); // she lets him pay for her, too
  await confirm(his, "确认付款");
  await sees(his, "已经付清");
  const [placed] = (await campaign.orders()).items;
  assert.deepEqual([placed.household_id, placed.consent_kind, placed.status], [home.id, "standing", "paid"]);
  await grid("POST", `/consents/${given.id}/withdraw`);
  his.quiet();
  await his.context().close();

  const her = await phone("张敏", { path: `packages/groupbuy/campaign/campaign?id=${campaign.id}` });
  await sees(her, "下单");
  await her.route("**/api/v1/me", (route) => route.abort());
  await her.reload();
  await sees(her, "没有连上系统");
  assert.equal(await her.getByText("还没有登记您是哪一户").filter({ visible: true }).count(), 0);
  await her.unroute("**/api/v1/me");
  await tap(her, "再试一次");
  await her.getByRole("button", { name: "下单", exact: true }).filter({ visible: true }).waitFor();
  her.quiet();
  await her.context().close();
});
