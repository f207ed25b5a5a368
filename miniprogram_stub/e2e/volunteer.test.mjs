// 罗志刚 has half an hour: he finds something to do, goes, loses the network in the stairwell, and nothing is lost.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { api, APP, go, look, phone, putAway, screen, sees, tap } from "./kit.mjs";

const COMPOUND = "420112004007-001";
const HOUR = 3600_000;
const CODES = /not_home|wrong_address|in_progress|claimed|care_visit|null|undefined|NaN/;

after(putAway);

/** Three old people to call on, one stairwell; whoever takes it is asked in this hour. */
async function aVisit(title, unit) {
  const [coordinator, grid] = await Promise.all([api("冯玉洁"), api("王秀英")]);
  const { items } = await grid("GET", `/households?place=${COMPOUND}-${unit}&limit=3`);
  const now = Date.now();
  title += now % 1_000_000; // of this run
  const span = { starts_at: new Date(now).toISOString(), ends_at: new Date(now + 2 * HOUR).toISOString() };
  const task = { place_code: `${COMPOUND}-${unit}`, kind: "care_visit", title, minutes: 15, urgency: 9, ...span };
  return { ...(await coordinator("POST", "/tasks", { ...task, household_ids: items.map(({ id }) => id) })), rooms: items.map(({ room }) => room) };
}

const asSeenBy = async (person, task) => (await api(person))("GET", `/tasks/${task.id}`);
const words = (page) => screen(page).innerText();
const said = async (page, where) => assert.doesNotMatch(await words(page), CODES, where);

/** From the list to the first door; with `shot`, looked at. */
async function takesAndStarts(page, task, shot) {
  await sees(page, "项您能做");
  await tap(page, "现在不能领，看看为什么");
  await said(page, "now");
  await tap(page, "都看看");
  await tap(page, `我来：${task.title}`);
  await page.getByRole("dialog", { name: "领这一项？" }).waitFor();
  if (shot) await look(page, `${shot}-claim`);
  await page.getByRole("button", { name: "我来，领这一项" }).filter({ visible: true }).evaluate((button) => {
    button.click();
    button.click(); // a thumb that trembles
  });
  await tap(page, "暂不");
  await sees(page, "点“开始”以后才显示地址");
  const before = await words(page);
  for (const room of task.rooms) assert.ok(!before.includes(room), `${room} is shown before he has started`);
  await tap(page, "开始", { exact: true });
  for (const room of task.rooms) await sees(page, room);
  await said(page, "task");
  await page.waitForTimeout(1000); // nobody is at a door within a second, and a phone knows the server's time to the second
}

async function settles(page, room, how) {
  await tap(page, new RegExp(`登记 .*${room}$`));
  await tap(page, how, { exact: true });
}

async function offline(page, isOffline) {
  await page.context().setOffline(isOffline);
  await page.getByText("没有网络。").filter({ visible: true }).first().waitFor({ state: isOffline ? "visible" : "detached" });
}

/** In the stairwell: all doors, the last in vain, and the end. Returns between when and when he finished. */
async function worksOffline(page, task, shot) {
  await offline(page, true);
  const [first, second, last] = task.rooms;
  await settles(page, first, "办好了");
  await sees(page, "待补交 1 条");
  await settles(page, second, "办好了");
  await settles(page, last, "家里没人");
  await sees(page, "待补交 3 条");
  if (shot) await look(page, `${shot}-task-offline`);
  await said(page, "offline");
  await tap(page, "全部办完，交给核实");
  await sees(page, "一共 3 户：2 户办好了，1 户没办成");
  const from = Date.now();
  await page.getByRole("button", { name: "办完了", exact: true }).tap();
  await sees(page, "待补交 4 条");
  const until = Date.now();
  if (shot) await look(page, `${shot}-task-done-offline`);
  const kept = await page.evaluate(() => JSON.stringify(localStorage));
  for (const room of task.rooms) {
    assert.ok(!(await words(page)).includes(room), `${room} is still shown after the end`);
    assert.ok(!kept.includes(room), `${room} is still on the phone after the end`);
  }
  return { from, until };
}

/** Once, and with the time at which he did it. */
async function isDoneOnce(task, { from, until }) {
  const seen = await asSeenBy("冯玉洁", task);
  assert.deepEqual(seen.holders.map(({ status }) => status), ["done"]);
  assert.equal(seen.doors_done, 3);
  assert.deepEqual(seen.conflicts, []);
  const at = Date.parse(seen.holders[0].done_at);
  assert.ok(at >= from - 2500 && at <= until, `done at ${seen.holders[0].done_at}, which is when it was told`); // a phone knows the server's time to the second
}

const told = (page) => page.waitForResponse((answer) => answer.url().endsWith("/task-events") && answer.request().postData().includes('"done"'));

test("he claims, starts, loses the network, finishes, and it is told by itself when it is back", async () => {
  const task = await aVisit("看望老人（网络）", "009-001");
  const page = await phone("罗志刚", { path: "packages/volunteer/now/now" });
  await takesAndStarts(page, task);
  const ended = await worksOffline(page, task);
  assert.equal((await asSeenBy("冯玉洁", task)).doors_done, 0, "the server knows nothing yet");
  await page.waitForTimeout(3000);
  const answer = told(page);
  await page.context().setOffline(false);
  assert.equal((await answer).status(), 200);
  await sees(page, "已完成，等待核实");
  await page.getByText("待补交").filter({ visible: true }).first().waitFor({ state: "detached" });
  await isDoneOnce(task, ended);
  page.quiet();
  await page.context().close();
});

test("his phone dies before it could tell; opened again it tells once, at the largest print", async () => {
  const task = await aVisit("看望老人（关机）", "009-002");
  const page = await phone("罗志刚", { path: "packages/volunteer/now/now", font: 1.5 });
  await takesAndStarts(page, task, "volunteer-large");
  const ended = await worksOffline(page, task, "volunteer-large");
  page.quiet();
  await page.close();
  const context = page.context();
  await context.setOffline(false);
  assert.equal((await asSeenBy("冯玉洁", task)).doors_done, 0, "the server knows nothing yet");

  const again = await context.newPage();
  const requests = [];
  again.on("request", (one) => one.url().endsWith("/task-events") && requests.push(one.headers()["idempotency-key"]));
  const answer = told(again);
  await again.goto(`${APP}/app/?as=${encodeURIComponent("罗志刚")}&font=1.5#/pages/me/me`); // not where the task is
  assert.equal((await answer).status(), 200);
  await go(again, "packages/volunteer/mine/mine");
  await sees(again, "买药行程");
  await again.getByText("待补交").filter({ visible: true }).first().waitFor({ state: "detached" });
  assert.doesNotMatch(await words(again), /没有记上/);
  await again.getByText(task.title).filter({ visible: true }).first().waitFor({ state: "detached" }); // in his hands no more
  assert.equal(requests.length, 4);
  assert.equal(new Set(requests).size, 4);
  await isDoneOnce(task, ended);
  await context.close();
});

test("what the server no longer takes is said in its words and stays until he has read it", async () => {
  const task = await aVisit("看望老人（取消）", "009-003");
  const page = await phone("罗志刚", { path: "packages/volunteer/now/now", dark: true });
  await takesAndStarts(page, task);
  await offline(page, true);
  await settles(page, task.rooms[0], "办好了");
  await sees(page, "待补交 1 条");
  const { revision } = await asSeenBy("冯玉洁", task);
  await (await api("冯玉洁"))("POST", `/tasks/${task.id}/cancel`, { revision, reason: "老人去女儿家了" });
  await offline(page, false);
  await sees(page, "有补交的没有记上");
  await tap(page, "去看看");
  await sees(page, "没有记上：");
  await look(page, "volunteer-dark-refused");
  await said(page, "refused");
  await tap(page, "知道了，不交了");
  await page.getByText("没有记上").filter({ visible: true }).first().waitFor({ state: "detached" });
  assert.equal((await asSeenBy("冯玉洁", task)).conflicts.length, 1, "the coordinator sees it");
  page.quiet();
  await page.context().close();
});

test("a task changes hands when both have counted the same", async () => {
  const task = await aVisit("送菜（交接）", "009-001");
  const { id } = await (await api("冯玉洁"))("POST", `/tasks/${task.id}/claim`);
  const giver = await phone("冯玉洁", { path: `packages/volunteer/give/give?id=${id}` });
  await giver.getByRole("combobox", { name: "交给谁" }).tap();
  await giver.getByRole("dialog").getByRole("button", { name: /^刘/ }).tap();
  await giver.getByLabel(/^交出的东西/).filter({ visible: true }).last().fill("一箱青菜\n一把钥匙");
  await look(giver, "volunteer-give");
  await tap(giver, "看一遍再提出");
  await sees(giver, "共 2 件");
  await tap(giver, "提出交接");
  await sees(giver, "您提出的，等对方点清");

  const taker = await phone("刘大爷", { path: "packages/volunteer/hand-overs/hand-overs", font: 1.5 });
  await sees(taker, "一把钥匙");
  await look(taker, "volunteer-large-hand-over");
  await tap(taker, "点清了，接手");
  await tap(taker, "件数加一");
  await tap(taker, "1 件，接手");
  await sees(taker, "交接单上有 2 件，和您点的数目不一样");
  await tap(taker, "知道了");
  await tap(taker, "件数加一");
  await tap(taker, "2 件，接手");
  await sees(taker, "已接受");
  const { holders } = await asSeenBy("冯玉洁", task);
  assert.deepEqual(holders.map(({ status }) => status), ["handed_over", "accepted"]);
  for (const page of [giver, taker]) {
    page.quiet();
    await page.context().close();
  }
});

test("what is settled while something else is under way is written down, however slow the network", async () => {
  const task = await aVisit("看望老人（网慢）", "009-001");
  const page = await phone("罗志刚", { path: "packages/volunteer/now/now" });
  await takesAndStarts(page, task);
  await page.route(/task-events|task-claims/, async (route) => {
    await new Promise((later) => setTimeout(later, 700));
    await (route.request().url().endsWith("/phone") ? route.abort() : route.continue());
  });
  const [first, ...others] = task.rooms;
  await tap(page, new RegExp(`登记 .*${first}$`));
  await tap(page, "先打电话");
  await tap(page, "打电话", { exact: true });
  await tap(page, "办好了", { exact: true }); // they have opened before the number is there
  await sees(page, "没有办成");
  await tap(page, "知道了");
  for (const room of others) await settles(page, room, "办好了");
  await tap(page, "全部办完，交给核实");
  await sees(page, "一共 3 户：3 户办好了");
  await page.getByRole("button", { name: "办完了", exact: true }).tap();
  await sees(page, "已完成，等待核实");
  const seen = await asSeenBy("冯玉洁", task);
  assert.deepEqual([seen.doors_done, seen.conflicts, seen.holders[0].status], [3, [], "done"]);
  page.quiet();
  await page.context().close();
});

test("what happened earlier today is told with the hour that he picks", async () => {
  const task = await aVisit("看望老人（辱骂）", "009-002");
  const { id } = await (await api("罗志刚"))("POST", `/tasks/${task.id}/claim`);
  const page = await phone("罗志刚", { path: `packages/volunteer/incident/incident?id=${id}`, font: 1.5 });
  await page.getByText("辱骂", { exact: true }).filter({ visible: true }).tap();
  await page.getByRole("combobox", { name: "什么时候" }).filter({ visible: true }).tap();
  await tap(page, "今天更早");
  await page.getByRole("combobox", { name: "今天几点" }).filter({ visible: true }).tap();
  await page.getByRole("dialog").locator("input[type=time]").fill("00:00");
  await tap(page, "确定");
  await page.getByRole("textbox").filter({ visible: true }).last().fill("在楼下骂人");
  await look(page, "volunteer-large-incident");
  const sent = page.waitForRequest((one) => one.url().endsWith("/incidents"));
  await tap(page, "看一遍再上报");
  await sees(page, /今天 00:00/);
  await tap(page, "上报", { exact: true });
  const { happened_at } = (await sent).postDataJSON();
  const today = new Date(Date.now() + 8 * HOUR).toISOString().slice(0, 10);
  assert.equal(Date.parse(happened_at), Date.parse(`${today}T00:00:00+08:00`));
  await sees(page, "社区知道了");
  page.quiet();
  await page.context().close();
});

test("his lists speak his language", async () => {
  const page = await phone("罗志刚", { path: "packages/volunteer/hours/hours" });
  for (const name of ["hours", "mine", "trips", "hand-overs"]) {
    await go(page, `packages/volunteer/${name}/${name}`);
    await page.locator(".bones").filter({ visible: true }).waitFor({ state: "detached" });
    await said(page, name);
    assert.ok(!(await words(page)).includes("没有打开"), name);
  }
  page.quiet();
  await page.context().close();
});
