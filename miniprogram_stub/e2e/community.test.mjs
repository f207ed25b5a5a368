// What the register says reaches everyone at once: a compound suspended and restored under three pairs of eyes, an objection
// raised and followed by somebody who is nobody, large print that stays, a neighbour's consent and where it shows.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { api, go, look, phone, putAway, screen, sees, tap } from "./kit.mjs";

const COMMUNITY = "420112004007";
const CERTIFIED = `${COMMUNITY}-004`;
const HER_STAIRS = `${COMMUNITY}-001-001-001`;
const today = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);

after(putAway);

/** Pulls the page down with a thumb and waits for what it brings. */
async function pull(page) {
  const thumb = await page.context().newCDPSession(page);
  const touch = (type, y) => thumb.send("Input.dispatchTouchEvent", { type, touchPoints: y ? [{ x: 195, y }] : [] });
  await page.evaluate(() => document.querySelectorAll("*").forEach((one) => one.scrollTop && (one.scrollTop = 0)));
  await touch("touchStart", 200);
  for (const y of [240, 290, 340]) await touch("touchMove", y);
  await touch("touchEnd");
  await page.getByText("正在刷新").waitFor({ state: "detached" });
}

async function find(page, words, name) {
  await page.getByRole("textbox", { name: "小区、社区或街道的名字" }).filter({ visible: true }).fill(words);
  await tap(page, new RegExp(`^${name}`));
}

const close = (page) => page.quiet() ?? page.context().close();

for (const font of [1, 1.5]) {
  const print = font === 1 ? "" : "-largest";

  test(`a suspended compound, seen by everyone within one refresh${print}`, async () => {
    const [worker, secretary] = await Promise.all([api("陈静"), api("李国强")]);
    const [grid, resident, visitor] = await Promise.all(["王秀英", "张敏", `路人${print}`].map((who) => phone(who, { font })));
    const all = [grid, resident, visitor];

    await tap(grid, /^四季家园/);

    await tap(resident, /^查别的小区/);
    await find(resident, "四季", "四季家园");

    await sees(visitor, "先看看，不用登记");
    await tap(visitor, "找我的小区");
    await find(visitor, "四季", "四季家园");
    await tap(visitor, "放到首页，打开就看它");
    for (const page of all) await sees(page, "已认定为无疫情小区");

    const person = { person: "周小兵", phone: "13871234567", source: "疾控中心密接协查函（测试）" };
    const { events } = await worker("POST", "/cases", { place: CERTIFIED, category: "close_contact", effective_on: today(), ...person });
    for (const page of all) {
      await pull(page);
      await sees(page, "认定已暂停");
      await sees(page, /出现了新的疑似、发热或密切接触人员/);
      const said = await screen(page).innerText();
      for (const secret of Object.values(person)) assert.ok(!said.includes(secret), `${secret} is nobody's business`);
    }
    await look(resident, `place-suspended${print}`);
    await look(visitor, `home-suspended${print}`);

    await go(grid, "packages/account/inbox/inbox");
    await sees(grid, "认定已暂停");

    await secretary("POST", `/case-events/${events[0].id}/close`, { outcome: "excluded", outcome_on: today(), reason: "核酸阴性，排除" });
    for (const page of [resident, visitor]) {
      await pull(page);
      await sees(page, "已认定为无疫情小区");
    }
    for (const page of all) await close(page);
  });

  test(`an objection, raised without a name and followed${print}`, async () => {
    const district = await api("周建华");
    const words = `西门一直开着，没有人测温${print && "，晚上也是"}`;
    const page = await phone(`过客${print}`, { font, dark: font === 1 });
    await tap(page, /^正在公示/);
    await tap(page, "对金桥公寓提异议");
    const text = page.getByRole("textbox", { name: "哪里不符合" });
    await text.fill("  ");
    await tap(page, "看一遍再提交");
    await tap(page, "提交异议");
    await tap(page, "知道了");
    await page.locator(".form-row.is-wrong", { has: text }).getByRole("alert").waitFor();
    await look(page, `object-wrong${print}`);
    await text.fill(words);
    await tap(page, "看一遍再提交");
    await sees(page, "没有留联系方式");
    await look(page, `object-read-back${print}`);
    await tap(page, "提交异议");
    await sees(page, "已收到，等待受理");
    await look(page, `objection${print}`);

    const answer = async (action, reason) => {
      const { items } = await district("GET", "/objections");
      const { id, revision, has_contact, unit } = items.find(({ text }) => text === words);
      assert.deepEqual([has_contact, unit.name], [false, "金桥公寓"]);
      await district("POST", `/objections/${id}/answer`, { action, revision, reason });
    };
    await answer("admit", "需要到现场核实");
    await pull(page);
    await sees(page, "已受理，公示暂停");
    await answer("overrule", "已到现场核实，西门有人值守");
    await pull(page);
    await sees(page, "异议不成立");
    await sees(page, "已到现场核实，西门有人值守");

    await go(page, "packages/community/notices/notices"); // later, on the same phone
    await sees(page, "我提过的异议");
    await close(page);
  });
}

test("large print, chosen once, stays: on this phone and on the next", async () => {
  const page = await phone("张敏");
  const isStep = (on, step) => on.locator(`.screen.step-${step}`).filter({ visible: true }).waitFor();
  await page.getByRole("tab", { name: "我的" }).tap();
  await look(page, "me");
  await tap(page, /^设置/);
  await page.getByText("最大", { exact: true }).tap();
  await isStep(page, 4);
  await look(page, "settings-largest");
  await page.reload();
  await isStep(page, 4);

  const next = await phone("张敏", { dark: true });
  await isStep(next, 4);
  await look(next, "home-dark-largest");
  await close(next);

  await page.getByText("跟随手机", { exact: true }).tap();
  await isStep(page, 1);
  assert.equal((await (await api("张敏"))("GET", "/me")).print_step, null);
  await close(page);
});

test("a neighbour agrees that I act for her: she stands on my page, and nowhere before", async () => {
  const [grid, resident] = await Promise.all([api("王秀英"), api("张敏")]);
  const page = await phone("张敏", { path: "packages/account/household/household" });
  await sees(page, "马池苑 1栋 1单元 502");
  await sees(page, "还没有邻居授权您代办");
  const { items } = await grid("GET", `/households?place=${HER_STAIRS}&limit=100`);
  const hers = items.find(({ room }) => room === "301");
  await grid("POST", `/households/${hers.id}/consents`, { given_to: (await resident("GET", "/me")).id, kind: "voice" });
  await pull(page);
  await sees(page, "马池苑 1栋 1单元 301");
  await sees(page, "没有智能手机");
  assert.ok(!(await screen(page).innerText()).includes("何秀兰"), "her name is masked");
  await look(page, "household");

  const seen = page.waitForResponse(/\/me\/inbox\/seen$/);
  await go(page, "packages/account/inbox/inbox");
  await sees(page, "叫到您的号了");
  await seen;
  await tap(page, "等我办");
  await sees(page, "叫到您的号了");
  assert.equal((await resident("GET", "/me/inbox")).unread, 0, "looked at is seen");
  await tap(page, /叫到您的号了/);
  await page.waitForURL(/#\/packages\/groupbuy\/order\/order\?id=/);
  await close(page);
});

test("what does not answer leaves the rest of a page, and what it showed, as it was", async () => {
  const page = await phone("张敏");
  const lost = (what) => page.route(what, (request) => request.abort());
  const section = (name) => page.locator(".section").filter({ hasText: name, visible: true });
  const shown = () => screen(page).innerText();
  await section("等您处理").waitFor();
  await section("正在团购").waitFor();
  const before = await shown();
  for (const what of ["**/public/campaigns*", "**/public/notices*", "**/orders", "**/me/inbox*", "**/me"]) {
    await lost(what);
    await pull(page);
    assert.equal(await shown(), before, `without ${what}`);
  }
  await lost("**/public/places/*");
  await pull(page);
  await sees(page, "没有刷新成功：网络不通");
  assert.equal(await shown(), before);
  await page.unrouteAll();

  await lost("**/me/inbox/seen");
  await go(page, "packages/account/inbox/inbox");
  await sees(page, "叫到您的号了");
  await look(page, "inbox-unmarked");

  await page.route("**/me", (request) => request.fulfill({ status: 503, json: { code: "busy", detail: "现在人多，请稍后再试。" } }));
  await go(page, "packages/account/settings/settings");
  await page.getByText("特大", { exact: true }).tap();
  await sees(page, /现在人多，请稍后再试。/);
  await tap(page, "知道了");
  await close(page);
});
