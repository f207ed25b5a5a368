// 王秀英 applies for 马池苑 with one button; 赵明 and 周建华 decide on their phones, each under their own name; once it comes
// back for correction, meets an objection and is withdrawn, once it ends with the certificate. In 银湖雅居 a red item is
// mended, and what lies too far back stays red, with its day; 李国强 releases a close contact, and 赵明 decides on his relative. 刘大爷 finds the neighbours
// without a phone and takes down their consent, 王秀英 finds a household by its number.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { api, go, look, phone, putAway, screen, sees, tap } from "./kit.mjs";

const COMMUNITY = "420112004007";
const [READY, GAPS] = [`${COMMUNITY}-001`, `${COMMUNITY}-003`];
const WORK = "packages/grid/work/work";
const DAY_MS = 24 * 3600_000;

after(putAway);

/** A day in Wuhan, so many days ago. */
const ago = (days) => new Date(Date.now() + 8 * 3600_000 - days * DAY_MS).toISOString().slice(0, 10);

/** The one button, read back, confirmed. */
async function apply(page, print) {
  await tap(page, "马池苑：还差什么、申报");
  await sees(page, "可以申报");
  await tap(page, "一键申报", { exact: true });
  await sees(page, "全部达标");
  if (print) await look(page, `apply-read-back${print}`);
  await twice(page, "确认申报");
  await tap(page, "允许");
  await sees(page, "现在：已申报，等待街道审核");
  const { items } = await (await api("王秀英"))("GET", `/certifications?unit=${READY}&status=submitted`);
  assert.equal(items.length, 1);
  return items[0].id;
}

/** A thumb that trembles: the second tap comes before anything has happened. */
async function twice(page, name) {
  await page.getByRole("button", { name, exact: true }).filter({ visible: true }).first().evaluate((button) => {
    button.click();
    button.click();
  });
}

/** A reviewer signs: the button, the read-back with their name, the signature. With `print`, looked at first. */
async function sign(page, who, label, print, fill = async () => undefined) {
  await tap(page, label, { exact: true });
  const sheet = page.getByRole("dialog", { name: label }).filter({ visible: true });
  await sheet.getByText(who, { exact: true }).waitFor();
  await fill(sheet);
  if (print) await look(page, `sign-${label}${print}`);
  await tap(page, `署名：${label}`);
}

const fill = (sheet, label, words) => sheet.getByLabel(label, { exact: true }).fill(words);
const publish = (sheet) => fill(sheet, "监督电话", "027-83210000");

async function openFromQueue(page) {
  await sees(page, "等我办理 1 份");
  await tap(page, /^马池苑/);
  await sees(page, "冻结的证据");
}

test("returned, mended, objected to, withdrawn", async () => {
  const wang = await phone("王秀英", { path: WORK });
  await sees(wang, "今天要填的日报");
  const id = await apply(wang, "");

  const zhao = await phone("赵明", { path: "packages/review/queue/queue", dark: true });
  await openFromQueue(zhao);
  await tap(zhao, "消杀：逐日记录");
  await sees(zhao, /消杀次数 2，平方米 12000/);
  await sign(zhao, "赵明", "退回补正", "-dark", async (sheet) => {
    await sheet.getByText("退回哪几项", { exact: true }).tap();
    assert.equal(await sheet.getByRole("checkbox", { checked: true }).count(), 0, "the heading ticks nothing");
    await sheet.getByLabel("消杀", { exact: true }).check();
    await fill(sheet, "原因", "请写明消杀由谁做的");
  });
  await sees(zhao, "现在：退回补正");

  await go(wang, WORK);
  await sees(wang, "去补正");
  await tap(wang, /去补正/);
  await sees(wang, /请写明消杀由谁做的/);
  await sign(wang, "王秀英", "补正后重新提交", "-normal", (sheet) => fill(sheet, "消杀：怎样补正的", "物业每天两次"));
  await sees(wang, "现在：已申报，等待街道审核");
  await sees(wang, /物业每天两次/);

  await zhao.evaluate(() => wx.startPullDownRefresh());
  await sign(zhao, "赵明", "审核通过", "");
  await sees(zhao, "现在：区级审核中");

  const zhou = await phone("周建华", { path: `packages/review/application/application?id=${id}` });
  await sign(zhou, "周建华", "同意并公示", "", publish);
  await sees(zhou, "现在：公示中");
  const raised = await fetch(`${new URL(zhou.url()).origin}/api/v1/public/notices/${id}/objections`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify({ text: "西门一直开着，不止一个出入口", contact: "13800001111" }),
  });
  assert.equal(raised.status, 201);
  const objection = await raised.json();
  await go(zhou, "packages/review/objections/objections");
  await sees(zhou, "西门一直开着，不止一个出入口");
  await tap(zhou, "怎样联系他");
  await tap(zhou, "核实情况");
  await sees(zhou, "13800001111");
  await tap(zhou, "关闭");
  await sign(zhou, "周建华", "受理", "");
  await sees(zhou, "异议不成立");
  assert.equal((await (await api("王秀英"))("GET", `/certifications/${id}`)).status, "notice_frozen");
  await sign(zhou, "周建华", "异议不成立", "", (sheet) => fill(sheet, "答复", "已到现场核实，西门当天已封闭"));
  await sees(zhou, "已到现场核实，西门当天已封闭");
  const answered = await (await api("王秀英"))("GET", `/public/objections/${objection.id}`);
  assert.equal(answered.status, "overruled");

  await wang.evaluate(() => wx.startPullDownRefresh());
  await sees(wang, "撤回申报");
  await sign(wang, "王秀英", "撤回申报", "");
  await sees(wang, "现在：已撤回");
  for (const page of [wang, zhao, zhou]) {
    page.quiet();
    await page.context().close();
  }
});

test("from the click to the certificate, in the largest print", async () => {
  const font = 1.5;
  const wang = await phone("王秀英", { path: WORK, font });
  await sees(wang, "今天要填的日报");
  const id = await apply(wang, "-largest");

  const zhao = await phone("赵明", { path: "packages/review/queue/queue", font });
  await openFromQueue(zhao);
  await sign(zhao, "赵明", "开始审核", "-largest");
  await sees(zhao, "现在：街道审核中");
  await sign(zhao, "赵明", "审核通过", "-largest");
  await sees(zhao, "现在：区级审核中");

  const zhou = await phone("周建华", { path: "packages/review/queue/queue", font });
  await openFromQueue(zhou);
  await sign(zhou, "周建华", "同意并公示", "-largest", publish);
  await sees(zhou, "现在：公示中");
  await zhou.getByRole("button", { name: "认定", exact: true }).waitFor({ timeout: 20_000 }); // comes when the notice has ended
  await sign(zhou, "周建华", "认定", "-largest");
  await sees(zhou, "现在：已认定为无疫情小区");

  const seen = await (await api("王秀英"))("GET", `/public/places/${READY}`);
  assert.equal(seen.status, "certified");
  assert.equal(seen.application_id, id);
  const { history } = await (await api("王秀英"))("GET", `/certifications/${id}`);
  assert.deepEqual(history.map(({ action, by }) => `${action} ${by}`), ["submit 王秀英", "take_up 赵明", "approve 赵明", "publish 周建华", "certify 周建华"]);
  for (const page of [wang, zhao, zhou]) {
    page.quiet();
    await page.context().close();
  }
});

test("what is red today turns green, what is long over keeps its day", async () => {
  const office = await api("王秀英");
  await office("POST", "/daily-records", { entries: [{ place_code: GAPS, day: ago(1), open_gates: 2 }] });
  const page = await phone("王秀英", { path: `packages/grid/apply/apply?place=${GAPS}`, dark: true });
  await sees(page, "还差 2 项");
  await sees(page, "只留一个出入口");
  await tap(page, "一键申报", { exact: true });
  await tap(page, "确认申报");
  await tap(page, "允许");
  await sees(page, /还不符合申报条件/); // in the server's words
  await tap(page, "知道了");

  await tap(page, "去补填或更正");
  await sees(page, "已经填了，可以更正。");
  await tap(page, "开放的出入口减一");
  await page.getByLabel("消杀面积", { exact: true }).filter({ visible: true }).first().fill("99999999");
  await tap(page, /^保存昨天（改了 2 项/);
  await tap(page, "知道了");
  await page.locator(".measure", { hasText: "消杀面积" }).getByRole("alert").filter({ visible: true }).waitFor(); // beside the number
  await tap(page, new RegExp(`^${Number(ago(0).slice(8))}\\s`));
  await sees(page, "昨天的改动还没有保存");
  await tap(page, "再想想");
  await page.getByLabel("消杀面积", { exact: true }).filter({ visible: true }).first().fill("12000");
  await look(page, "daily-dark");
  await tap(page, /^保存昨天（改了 2 项/);
  await sees(page, /^保存昨天$/);
  await tap(page, "与上次相同", { exact: true });
  await tap(page, "记下这 1 天");
  await page.getByText("还缺 1 天").waitFor({ state: "detached" });
  const { items } = await office("GET", `/daily-records?place=${GAPS}&days=1`);
  assert.deepEqual(items.map(({ day, gate_inspections }) => [day, gate_inspections]), [[ago(0), 4]]);
  await page.goBack();
  await sees(page, "还差 1 项");
  await sees(page, "每天消杀");
  const verdict = await office("GET", `/places/${GAPS}/readiness`);
  assert.deepEqual(verdict.needed, ["disinfection"]);
  assert.ok(verdict.earliest_on > ago(0));
  page.quiet();
  await page.context().close();
});

test("a household without a phone, at the largest print", async () => {
  const page = await phone("刘大爷", { path: WORK, font: 1.5 });
  await tap(page, /楼栋长/);
  await tap(page, "没有智能手机", { exact: true });
  await tap(page, /^301 何/);
  await sees(page, "马池苑1栋1单元 301");
  await tap(page, "他们的订单");
  await page.waitForURL(/orders\/orders/);
  assert.match(decodeURIComponent(page.url()), /orders\?household=[0-9a-f-]+$/, "an address tells no door and no name");
  await page.goBack();
  await tap(page, "他们同意由我代办");
  await tap(page, "当面同意");
  await sees(page, /当面同意，到/);
  await tap(page, /^撤回.*的授权$/);
  await tap(page, "撤回", { exact: true });
  await sees(page, "他们同意由我代办");
  page.quiet();
  await page.context().close();

  // 王秀英 has the number on a slip of paper.
  const office = await api("王秀英");
  const { items } = await office("GET", `/households?place=${READY}-001-001&limit=100`);
  const head = items.find(({ room }) => room === "301").members[0];
  const { phone: number } = await office("POST", `/household-members/${head.id}/reveal`, { purpose: "verify" });
  const wang = await phone("王秀英", { path: `packages/grid/households/households?place=${COMMUNITY}`, font: 1.5 });
  await wang.getByLabel("电话号码").fill(number);
  await tap(wang, "查找", { exact: true });
  await tap(wang, "上门关怀");
  await tap(wang, /^1栋1单元 301/);
  await sees(wang, "马池苑1栋1单元 301");
  await wang.getByLabel("长期用药").filter({ visible: true }).check();
  await sees(wang, "已更新");
  const kept = await office("GET", `/households?place=${READY}-001-001&limit=100`);
  assert.equal(kept.items.find(({ room }) => room === "301").chronic_illness, true);

  await go(wang, `packages/grid/coverage/coverage?place=${COMMUNITY}`);
  await sees(wang, "一长七员，每栋都有人吗？");
  await tap(wang, /^1栋/);
  await screen(wang).getByRole("dialog").getByText("门岗值守员").waitFor();
  await look(wang, "coverage-building-largest");
  wang.quiet();
  await wang.context().close();
});

test("a close contact is released by a second person", async () => {
  const page = await phone("李国强", { path: `packages/grid/apply/apply?place=${COMMUNITY}-002` });
  await sees(page, "连续14天无密切接触者");
  await tap(page, "看谁还没有解除");
  await sees(page, "还没有解除或排除：1 人");
  await tap(page, "登记解除或排除");
  await page.getByLabel("依据", { exact: true }).filter({ visible: true }).fill("连续两次检测阴性");
  await look(page, "case-close");
  await tap(page, "以我的名义登记");
  await sees(page, "没有尚未解除的人员");
  await page.goBack();
  await sees(page, /最早 .* 可以申报/); // certain now: fourteen days from today
  page.quiet();
  await page.context().close();
});

test("a relative's appointment is confirmed or refused by somebody else", async () => {
  const [li, luo] = await Promise.all(["李国强", "罗志刚"].map(api));
  const [{ id: officer }, { id: volunteer }] = await Promise.all([li("GET", "/me"), luo("GET", "/me/volunteer")]);
  await luo("POST", `/volunteers/${volunteer}/relatives`, { user_id: officer });
  for (const role of ["gate_duty", "coordinator"]) {
    const asked = await li("POST", `/volunteers/${volunteer}/appointments`, { role, place_code: `${READY}-002` });
    assert.equal(asked.given, false);
  }
  const asked = await phone("李国强", { path: WORK });
  await tap(asked, /^待确认的任命/);
  await asked.getByRole("button", { name: /^撤回：马池苑2栋/ }).filter({ visible: true }).first().waitFor();
  assert.equal(await asked.getByRole("button", { name: "确认任命" }).filter({ visible: true }).count(), 0, "not by whoever asked");

  const zhao = await phone("赵明", { path: "packages/account/inbox/inbox", font: 1.5 });
  await tap(zhao, /有一项任命等您确认/);
  await sees(zhao, /李国强提出/);
  await look(zhao, "appointments-largest");
  await tap(zhao, "确认任命：马池苑2栋门岗值守员");
  await tap(zhao, "确认任命", { exact: true });
  await sees(zhao, "已任命");
  await tap(zhao, /^不同意：马池苑2栋/);
  await fill(zhao.getByRole("dialog").filter({ visible: true }), "原因", "已有人选");
  await look(zhao, "appointment-refuse-largest");
  await zhao.getByRole("dialog").getByRole("button", { name: "不同意", exact: true }).tap();
  await sees(zhao, "没有待确认的任命");
  const { items } = await li("GET", "/appointments");
  assert.deepEqual(items.map(({ role, status }) => `${role} ${status}`).sort(), ["coordinator refused", "gate_duty confirmed"]);
  for (const page of [asked, zhao]) {
    page.quiet();
    await page.context().close();
  }
});
