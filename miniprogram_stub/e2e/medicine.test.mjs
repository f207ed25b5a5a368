// Medicine from the photo of a box to the door: one household asks twice, at the normal and at the largest print; two
// others check, buy and bring. What a medicine is called stands on no list, and on no page before somebody looks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { api, go, look, phone, putAway, sees, tap } from "./kit.mjs";

const COMMUNITY = "420112004007";
const PRICE_FEN = 4980;
const BOXES = [
  { name: "糖安胶囊（演示）", size: "0.5克×60粒", form: "胶囊", yuan: "42" },
  { name: "润喉糖浆（演示）", size: "100毫升", form: "口服液、糖浆", yuan: "39.5" },
];

let secretary, coordinator, volunteer, box;
before(async () => {
  [secretary, coordinator] = await Promise.all(["李国强", "冯玉洁"].map(api));
  box = await photoOf("DEMO 0.5 g");
});
after(putAway);

test("from the photo to the door, with a question at the counter", async () => {
  const her = await phone("张敏", { path: "pages/medicine/medicine" });
  const hers = await phone("张敏", { path: "pages/medicine/medicine", font: 1.5 });
  const phones = [her, hers];

  const ids = await Promise.all(phones.map((page, n) => ask(page, BOXES[n], `ask-${n}`)));
  await check(ids[0], { look: true });
  await check(ids[1], { font: 1.5, dark: true });

  const trip = await sealed(ids);
  const errand = await taken("medicine_trip", COMMUNITY);
  await stepped(trip, "arrive");
  const lines = await Promise.all(ids.map(async (id) => (await secretary("GET", `/medicine-requests/${id}`)).lines[0].id));
  for (const line_id of lines) await volunteer("POST", `/medicine-trips/${trip}/questions`, { line_id, kind: "price", fen: PRICE_FEN });

  await Promise.all(phones.map((page, n) => answer(page, ids[n], n)));
  for (const line_id of lines) await bought(trip, line_id);
  await stepped(trip, "leave");
  await stepped(trip, "hand_out");
  const { code: said } = await coordinator("GET", `/tasks/${errand.task_id}`);
  await done(errand, { how: "code", code: said });
  for (const bag of (await volunteer("GET", `/medicine-trips/${trip}`)).packages) await volunteer("POST", `/medicine-trips/${trip}/packages/${bag.number}/unpack`);
  const round = await taken("medicine_delivery", `${COMMUNITY}-001-001`);

  await Promise.all(phones.map((page, n) => atTheDoor(page, ids[n], n)));
  await done(round, { how: "doors" });
  await Promise.all(phones.map(putBack));
});

test("for a neighbour without a phone: asked back, answered, and the next with one tap", async () => {
  const head = await api("刘大爷");
  const { items } = await head("GET", `/households?place=${COMMUNITY}-001-001-001&limit=100`);
  const her = items.find((one) => one.room === "301").id;
  const his = await phone("刘大爷", { path: `packages/medicine/ask/ask?household=${her}`, font: 1.5 });
  await sees(his, "替住户登记");
  await photograph(his, "拍药盒");
  await his.getByLabel("药名").filter({ visible: true }).fill(BOXES[0].name);
  await his.getByLabel("一共最多花多少元").filter({ visible: true }).fill(BOXES[0].yuan);
  // Nobody has agreed before they were asked.
  assert.equal(await his.getByRole("button", { name: "先选对方怎样同意的" }).filter({ visible: true }).isDisabled(), true);
  assert.equal(await his.getByRole("radio", { checked: true, name: /同意/ }).filter({ visible: true }).count(), 0);
  await look(his, "medicine-behalf-words");
  await his.getByLabel("电话里同意").filter({ visible: true }).check();
  await tap(his, "看一遍，再提交");
  await tap(his, "没有错，提交");
  await notNow(his);
  await sees(his, "1栋1单元 301 室");
  const id = idOn(his);

  const checker = await phone("陈静", { path: `packages/medicine/request/request?id=${id}` });
  await tap(checker, "看照片和药名（留痕）");
  await tap(checker, "看不清，请住户补充");
  await checker.getByLabel("问什么").fill("是 0.25 克还是 0.5 克？");
  await tap(checker, "发给住户");
  await sees(checker, "需要补充说明");

  await go(his, "pages/medicine/medicine");
  await tap(his, /核对的人有问题/);
  await tap(his, "查看药名（留痕）");
  await sees(his, "是 0.25 克还是 0.5 克？");
  await photograph(his, "再拍一张");
  await his.getByLabel("说明").filter({ visible: true }).fill("0.5 克，一天两粒");
  await look(his, "medicine-behalf-amend");
  await tap(his, "补充好了，交上去");
  await tap(his, "当面同意");
  await sees(his, "等待核对");
  const asked = await head("GET", `/medicine-requests/${id}`);
  assert.deepEqual([asked.status, asked.consent_kind, asked.photo_ids.length, asked.household_id], ["submitted", "voice", 2, her]);

  await go(his, "packages/medicine/courses/courses");
  assert.equal(await his.getByRole("button", { name: "查看药名（留痕）" }).filter({ visible: true }).count(), 0); // he orders it, and need not know what
  await tap(his, "和上次一样，再买一次");
  await tap(his, "再买一次", { exact: true });
  await tap(his, "当面同意");
  await sees(his, "代买的药");
  await sees(his, "等待核对");
  const again = await head("GET", `/medicine-requests/${idOn(his)}`);
  assert.deepEqual([again.household_id, again.consent_kind, again.lines[0].quantity], [her, "in_person", 2]);
  assert.notEqual(again.id, id);
  await tap(his, "取消这份需求");
  await tap(his, "取消需求", { exact: true });
  await sees(his, "替住户登记用药");
  assert.equal((await secretary("GET", `/medicine-requests/${again.id}`)).status, "cancelled");

  // The same as last time, by somebody else: they, too, are asked how she agreed.
  await go(checker, `packages/medicine/ask/ask?household=${her}`);
  await tap(checker, "不用再填，照上次买");
  await notNow(checker);
  await tap(checker, "再买一次", { exact: true });
  await tap(checker, "书面同意");
  await sees(checker, "等待核对");
  const third = await secretary("GET", `/medicine-requests/${idOn(checker)}`);
  assert.deepEqual([third.household_id, third.consent_kind], [her, "paper"]);
  await Promise.all([his, checker].map(putBack));
});

test("with a standing consent nobody is asked again; one photo at a time, and two taps make one request", async () => {
  const head = await api("刘大爷");
  const [{ id: her }] = (await head("GET", `/households?place=${COMMUNITY}-001-001-001&limit=100`)).items.filter((one) => one.room === "301");
  const friend = await api("张敏");
  const { id: given_to } = await friend("GET", "/me");
  await secretary("POST", `/households/${her}/consents`, { given_to, kind: "paper" });
  const hers = await phone("张敏", { path: `packages/medicine/ask/ask?household=${her}` });
  await sees(hers, /这一户已经长期委托您/);
  const slow = hers.waitForRequest(/medicine-photos/);
  await hers.route(/medicine-photos/, (route) => slow.then(() => hers.waitForTimeout(700)).then(() => route.continue()));
  await photograph(hers, "拍药盒");
  await sees(hers, "正在上传照片……");
  const picker = hers.getByRole("button", { name: "拍药盒", exact: true }).filter({ visible: true });
  assert.equal(await picker.count(), 0); // a second photo would be lost
  await sees(hers, "照片已收到，共 1 张。");
  await picker.waitFor();
  await hers.getByLabel("药名").filter({ visible: true }).fill(BOXES[1].name);
  await hers.getByLabel("一共最多花多少元").filter({ visible: true }).fill(BOXES[1].yuan);
  assert.equal(await hers.getByText("对方怎样同意的").filter({ visible: true }).count(), 0);
  const before = (await friend("GET", `/medicine-requests?household=${her}`)).items.length;
  await tap(hers, "看一遍，再提交");
  const send = hers.getByRole("button", { name: "没有错，提交" });
  await send.evaluate((button) => [button, button].forEach((one) => one.click())); // a thumb that trembles
  await notNow(hers);
  await sees(hers, "等待核对");
  const { items } = await friend("GET", `/medicine-requests?household=${her}`);
  assert.deepEqual([items.length - before, items[0].id, items[0].consent_kind], [1, idOn(hers), "standing"]);
  await putBack(hers);
});

test("a prescription is handed over, and both sides sign", async () => {
  const line = { name: BOXES[0].name, form: "capsule", quantity: 1, ceiling_fen: 4200, prescription: true };
  const { id } = await (await api("张敏"))("POST", "/medicine-requests", { lines: [line] });
  const path = `packages/medicine/request/request?id=${id}`;
  const worker = await phone("陈静", { path });
  await tap(worker, "看照片和药名（留痕）");
  await tap(worker, "一样，核对通过");
  await sees(worker, "已核对，等处方或医保卡");
  await tap(worker, "登记我收下的证件");
  await tap(worker, "处方", { exact: true });
  await sees(worker, "已收下，等住户签字");
  assert.equal(await worker.getByRole("button", { name: "签字：已交出" }).filter({ visible: true }).count(), 0); // who carries it does not sign for her
  const her = await phone("张敏", { path, dark: true });
  await look(her, "medicine-paper");
  await tap(her, "签字：已交出");
  await tap(her, "确认", { exact: true });
  await sees(her, "已核对，等待安排");
  assert.equal((await secretary("GET", `/medicine-requests/${id}`)).prescription_in, true);
  await Promise.all([worker, her].map(putBack));
});

/** Photo first, then words, read back, sent. Ends on the page of the new request; its id. */
async function ask(page, { name, size, form, yuan }, shot) {
  await tap(page, "拍药盒，请人代买");
  await sees(page, "先拍药盒");
  await photograph(page, "拍药盒");
  await sees(page, "照片已收到，共 1 张。");
  await page.getByLabel("药名").filter({ visible: true }).fill(name);
  await page.getByLabel("规格").filter({ visible: true }).fill(size);
  await page.getByRole("combobox", { name: "是什么样的" }).filter({ visible: true }).tap();
  await page.getByRole("dialog").getByRole("button", { name: form, exact: true }).tap();
  await tap(page, "看一遍，再提交");
  await tap(page, "没有错，提交");
  await notNow(page);
  await sees(page, "没有办成"); // no price yet: the server says so
  await tap(page, "知道了");
  await page.getByLabel("一共最多花多少元").filter({ visible: true }).fill(yuan);
  await look(page, `medicine-${shot}-words`);
  await tap(page, "看一遍，再提交");
  await sees(page, `最多花 ¥${yuan}`);
  await tap(page, "没有错，提交");
  await sees(page, "查看药名（留痕）");
  await says(page, name, false);
  await tap(page, "查看药名（留痕）");
  await sees(page, name);
  const id = idOn(page);
  const mine = await (await api("张敏"))("GET", `/medicine-requests/${id}`);
  assert.equal(mine.status, "submitted");
  assert.equal(mine.photo_ids.length, 1);
  assert.equal(mine.lines[0].ceiling_fen, Math.round(Number(yuan) * 100));
  await go(page, "pages/medicine/medicine");
  await sees(page, "办理中");
  await says(page, name, false);
  return id;
}

/** 陈静 compares the photo with the words, and says they agree. */
async function check(id, { look: looked, ...how }) {
  const page = await phone("陈静", { path: "pages/medicine/medicine", ...how });
  await sees(page, "等我核对");
  for (const { name } of BOXES) await says(page, name, false);
  await go(page, `packages/medicine/request/request?id=${id}`);
  await tap(page, "看照片和药名（留痕）");
  await page.getByRole("button", { name: "药盒照片" }).filter({ visible: true }).waitFor();
  if (looked) await look(page, "medicine-check-request");
  await tap(page, "一样，核对通过");
  await sees(page, "已核对，等待安排");
  await putBack(page);
}

/** The counter asks more than was agreed; she says yes on her phone. */
async function answer(page, id, n) {
  await go(page, "pages/me/me");
  await sees(page, "设置");
  await go(page, "pages/medicine/medicine");
  await sees(page, "要您办的");
  for (const { name } of BOXES) await says(page, name, false);
  await go(page, `packages/medicine/request/request?id=${id}`);
  await sees(page, "药店要 ¥49.80");
  await sees(page, /还有 1[0-5] 分钟/);
  await look(page, `medicine-question-${n}`);
  await tap(page, "同意，买");
  await page.getByRole("dialog").getByRole("button", { name: "同意，买" }).tap();
  await sees(page, "志愿者正在药店买");
  const { status, questions } = await secretary("GET", `/medicine-requests/${id}`);
  assert.deepEqual([status, questions[0].accepted], ["buying", true]);
}

/** The code on the phone is the one that opens the bag; the phone shows by itself that it came, though one look of its
 * own had no answer. */
async function atTheDoor(page, id, n) {
  await page.clock.install();
  await go(page, `packages/medicine/request/request?id=${id}`);
  const shown = page.getByLabel(/^收药码 \d{4}$/).filter({ visible: true });
  await shown.waitFor();
  await look(page, `medicine-code-${n}`);
  const said = (await shown.innerText()).trim();
  const cash = n === 0 ? {} : { paid_fen: PRICE_FEN, receipt: `药-${id.slice(-8)}` };
  const path = `/medicine-requests/${id}/hand-over`;
  const wrong = await volunteer("POST", path, { by: "code", said: said === "0000" ? "1111" : "0000" });
  assert.equal(wrong.handed_over, false);
  const lost = page.waitForRequest((request) => request.url().endsWith(id));
  await page.route(`**/medicine-requests/${id}`, (route) => route.abort(), { times: 1 });
  await page.clock.fastForward(11_000);
  await lost;
  await sees(page, /没有刷新成功/);
  const given = await volunteer("POST", path, { by: "code", said, ...cash });
  assert.deepEqual([given.handed_over, given.owed_fen], [true, PRICE_FEN]);
  await page.clock.fastForward(11_000);
  if (n === 0) {
    await sees(page, "药已送到，付药费");
    await sees(page, "¥49.80");
    await look(page, "medicine-delivered");
    await tap(page, "付药费");
    await tap(page, "确认付款");
  }
  await sees(page, "已结清");
  assert.equal((await secretary("GET", `/medicine-requests/${id}`)).status, "settled");
}

// --- The others' part, through the API

async function sealed(ids) {
  const { items } = await secretary("GET", "/pharmacies?limit=100");
  const shop = items.find((one) => one.name === "金银湖重症定点药店");
  let trip = await secretary("POST", "/medicine-trips", { place_code: COMMUNITY, pharmacy_id: shop.id });
  for (const request_id of ids) trip = await secretary("POST", `/medicine-trips/${trip.id}/requests`, { request_id, revision: trip.revision });
  await secretary("POST", `/medicine-trips/${trip.id}/steps`, { action: "seal", revision: trip.revision });
  return trip.id;
}

async function stepped(trip, action) {
  const { revision } = await volunteer("GET", `/medicine-trips/${trip}`);
  await volunteer("POST", `/medicine-trips/${trip}/steps`, { action, revision });
}

async function bought(trip, line_id) {
  const expires_on = new Date(Date.now() + 400 * 24 * 3600_000).toISOString().slice(0, 10);
  await volunteer("POST", `/medicine-trips/${trip}/purchases`, { line_id, quantity: 1, fen: PRICE_FEN, batch: "DEMO-02", expires_on });
}

/** The newest open task of the kind, taken and begun by the first to whom it is offered. */
async function taken(kind, place) {
  const { items } = await coordinator("GET", `/tasks?place=${place}&status=open&limit=100`);
  const [task] = items.filter((one) => one.kind === kind).sort((a, b) => (a.id < b.id ? 1 : -1));
  for (const name of volunteer ? [null] : ["宋海涛", "罗志刚", "丁小军"]) {
    const hand = name ? await api(name) : volunteer;
    const offers = (await hand("GET", "/tasks/for-me")).items;
    if (!offers.some((one) => one.id === task.id && one.offered)) continue;
    volunteer = hand;
    const claim = await hand("POST", `/tasks/${task.id}/claim`);
    return hand("POST", `/task-claims/${claim.id}/start`, { revision: claim.revision });
  }
  throw new Error(`nobody has time for ${task.title}`);
}

async function done(claim, how) {
  const { revision } = await volunteer("GET", `/task-claims/${claim.id}`);
  await volunteer("POST", `/task-claims/${claim.id}/done`, { revision, ...how });
}

// --- What is seen

async function says(page, text, there) {
  assert.equal((await page.locator("body").innerText()).includes(text), there, `${text} on the page`);
}

const idOn = (page) => new URL(page.url()).hash.match(/[?&]id=([0-9a-f-]+)/)[1];

/** Takes a photo; before the first WeChat asks whether the app may. */
async function photograph(page, label) {
  const chooser = page.waitForEvent("filechooser");
  await tap(page, label, { exact: true });
  const allow = page.getByRole("button", { name: "同意", exact: true });
  await Promise.race([chooser, allow.waitFor().then(() => allow.tap())]);
  await (await chooser).setFiles({ name: "box.jpg", mimeType: "image/jpeg", buffer: box });
}

async function putBack(page) {
  page.quiet();
  await page.context().close();
}

/** The question whether WeChat may send a message: asked once on a phone. */
const notNow = (page) => page.getByRole("button", { name: "暂不" }).tap();

/** A real JPEG, drawn by a browser. */
async function photoOf(words) {
  const page = await phone("张敏", { path: "pages/me/me" });
  const drawn = await page.evaluate((text) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 800, height: 600 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#8b8378";
    pen.fillRect(0, 0, 800, 600);
    pen.fillStyle = "#fbfbf8";
    pen.fillRect(90, 150, 620, 300);
    pen.fillStyle = "#1d2a2e";
    pen.font = "64px sans-serif";
    pen.fillText(text, 120, 300);
    return canvas.toDataURL("image/jpeg", 0.85).split(",")[1];
  }, words);
  await page.context().close();
  return Buffer.from(drawn, "base64");
}
