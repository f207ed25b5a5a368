import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { startPhone } from "../testing/phone.mjs";

let phone;
before(async () => (phone = await startPhone()));
afterEach(() => phone.rest());
after(() => phone.stop());

const title = (page) => page.locator("#wx-title").textContent();
const hash = (page) => page.evaluate(() => location.hash);

test("the app, a page and its components live in WeChat's order", async () => {
  const page = await phone.open("#/pages/one/one?id=5&word=%E7%8E%8B");
  assert.deepEqual(await page.log(), [
    "app.onLaunch", "app.onShow", "box.attached", 'one.onLoad {"id":"5","word":"%E7%8E%8B"}', "one.onShow", "box.show",
  ]);
  await page.getByRole("button", { name: "去表单" }).tap();
  await page.getByText("提交").waitFor();
  assert.deepEqual(await page.log(), ["one.onHide", "box.hide", 'form.onLoad {"id":"1","name":"%E7%8E%8B"}', "form.onShow"]);
  await page.getByRole("button", { name: "返回" }).tap();
  await page.getByRole("button", { name: "去表单" }).waitFor();
  assert.deepEqual(await page.log(), ["form.onUnload", "one.onShow", "box.show"]);
  assert.equal(await page.evaluate(() => getApp().said), "hello");
  await page.evaluate(() => ([globalThis.left] = getCurrentPages()));
  await page.wx("reLaunch", { url: "/packages/sub/detail/detail?id=9" });
  assert.deepEqual(await page.log(), ["one.onUnload", "box.detached"]);
  await page.evaluate(() => left.setData({ count: 2, items: [{ id: "late" }] })); // its answer comes too late
  assert.deepEqual(page.faults, []);
});

test("the stack follows the browser's back and forward, and pages below stay as they were", async () => {
  const page = await phone.open();
  await page.getByRole("button", { name: "加五" }).tap();
  await page.evaluate(() => document.querySelector(".wx-screen").scrollTo(0, 120));
  await page.wx("navigateTo", { url: "/packages/sub/form/form" });
  await page.wx("navigateTo", { url: "../detail/detail?id=3" });
  assert.equal(await page.evaluate(() => getCurrentPages().map(({ route }) => route).join()), "pages/one/one,packages/sub/form/form,packages/sub/detail/detail");
  await page.goBack();
  await page.getByText("提交").waitFor();
  assert.equal(await hash(page), "#/packages/sub/form/form");
  assert.equal(await title(page), "表单");
  await page.goForward();
  await page.getByText("详情 3", { exact: true }).waitFor();
  assert.equal(await title(page), "详情 3号"); // set in onLoad, before the page is shown
  await page.wx("navigateBack", { delta: 5 });
  assert.equal(await title(page), "第一页");
  assert.equal(await page.getByRole("button", { name: "加五" }).textContent(), "12");
  assert.equal(await page.evaluate(() => document.querySelector(".wx-screen").scrollTop), 120);
  assert.equal((await page.wx("navigateBack", {})).errMsg, "navigateBack:fail cannot navigate back at first page.");
});

test("redirectTo replaces, a reload keeps the page, and back from there goes to what was before", async () => {
  const page = await phone.open();
  await page.wx("navigateTo", { url: "/packages/sub/form/form" });
  await page.wx("redirectTo", { url: "/packages/sub/detail/detail?id=4" });
  assert.equal(await page.evaluate(() => getCurrentPages().length), 2);
  await page.reload();
  await page.getByText("详情 4", { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => getCurrentPages().length), 1);
  await page.goBack();
  await page.getByRole("button", { name: "去表单" }).waitFor();
  assert.deepEqual(page.faults, []);
});

test("tabs: switching keeps their pages, other pages are closed, and navigateTo does not open them", async () => {
  const page = await phone.open();
  await page.log();
  await page.getByRole("tab", { name: "二" }).tap();
  await page.getByText("第二页").waitFor();
  assert.deepEqual(await page.log(), ["one.onHide", "box.hide", "two.onLoad", "two.onShow"]);
  assert.equal(await page.getByRole("tab", { name: "二" }).getAttribute("aria-current"), "page");
  assert.equal(await page.getByRole("tab", { name: "一", selected: false }).count(), 1);
  await page.wx("navigateTo", { url: "/packages/sub/detail/detail" });
  assert.equal(await page.getByRole("tablist").count(), 0);
  await page.wx("switchTab", { url: "/pages/one/one" });
  assert.deepEqual(await page.log(), ["two.onHide", "one.onShow", "box.show"]);
  assert.equal((await page.wx("navigateTo", { url: "/pages/two/two" })).errMsg, "navigateTo:fail can not navigateTo a tabbar page");
  assert.equal((await page.wx("switchTab", { url: "/packages/sub/form/form" })).errMsg, "switchTab:fail can not switch to no-tabBar page");
  assert.match((await page.wx("navigateTo", { url: "/pages/none" })).errMsg, /"pages\/none" is not found/);
});

test("a shared page entered cold has a way home; an unknown address opens the first page", async () => {
  const page = await phone.open("#/packages/sub/detail/detail?id=7");
  await page.getByText("详情 7", { exact: true }).waitFor();
  assert.equal(await page.getByRole("button", { name: "返回" }).count(), 0);
  await page.getByRole("button", { name: "回首页" }).tap();
  await page.getByRole("button", { name: "去表单" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "回首页" }).count(), 0);
  await page.evaluate(() => (location.hash = "#/packages/sub/detail/detail?id=8"));
  await page.getByText("详情 8", { exact: true }).waitFor();
  assert.equal(await page.evaluate(() => getCurrentPages().length), 2);
  const lost = await phone.open("#/pages/gone/gone");
  assert.equal(await title(lost), "第一页");
  await lost.getByText("没有这个页面").waitFor();
});

test("styles: a page's do not reach other pages, a component's only itself, global words where they are asked for", async () => {
  const page = await phone.open();
  const style = (locator, name) => locator.evaluate((element, name) => getComputedStyle(element)[name], name);
  const head = page.locator("page > view").first();
  const box = page.getByRole("button", { name: "加五" });
  const plain = page.getByText("plain", { exact: true });
  assert.equal(await style(head, "width"), "195px");
  assert.equal(Math.round(parseFloat(await style(head, "height"))), Math.round((await page.locator("#wx-stack").boundingBox()).height / 10));
  assert.equal(await style(head, "marginLeft"), "5.2px"); // 10rpx in style="", through the CSSOM
  assert.equal(await style(head, "paddingLeft"), "0px"); // .own is the component's
  assert.equal(await style(head, "color"), "rgb(1, 2, 3)");
  assert.equal(await style(box, "color"), "rgb(1, 2, 3)"); // addGlobalClass
  assert.equal(await style(plain, "color"), "rgb(0, 0, 0)");
  assert.equal(await style(box, "marginLeft"), "7px");
  assert.equal(await style(plain, "marginLeft"), "0px");
  assert.equal(await style(plain, "marginTop"), "2px");
  assert.equal(await style(plain, "backgroundColor"), "rgba(0, 0, 0, 0)"); // the page's .inner
  assert.equal(await style(plain.locator(".."), "display"), "block"); // :host
  assert.equal(await style(box, "borderLeftColor"), "rgb(4, 4, 4)"); // externalClasses
  await page.getByRole("tab", { name: "二" }).tap();
  assert.equal(await style(page.getByText("第二页"), "backgroundColor"), "rgba(0, 0, 0, 0)");
  assert.equal(await style(page.locator("page"), "backgroundColor"), "rgb(250, 250, 240)");
  await page.getByRole("tab", { name: "一" }).tap();
  assert.equal(await style(page.locator("page"), "backgroundColor"), "rgba(0, 0, 0, 0)");
});

test("events: datasets, bubbling, catch, keys, triggerEvent, and no tap on what is disabled", async () => {
  const page = await phone.open();
  await page.log();
  await page.getByRole("button", { name: "选 b" }).tap();
  await page.getByText("b tap").waitFor();
  assert.deepEqual(await page.log(), ["outer tap"]);
  await page.getByRole("button", { name: "选 a" }).press("Enter");
  await page.getByText("a tap").waitFor();
  await page.log();
  await page.getByRole("button", { name: "拦住" }).press(" ");
  await page.getByText("caught tap").waitFor();
  await page.getByRole("button", { name: "不能点" }).tap({ force: true });
  assert.deepEqual(await page.log(), []);
  await page.getByRole("button", { name: "加五" }).tap();
  assert.equal(await page.getByRole("button", { name: "加五" }).textContent(), "12"); // triggerEvent, property, observer
  assert.equal(await page.evaluate(() => getCurrentPages()[0].selectComponent("#box").hello()), "from the box");
  const slots = await page.locator("c-a-box").evaluate((element) => [...element.childNodes].map((node) => node.textContent));
  assert.deepEqual(slots, ["12", "头", "里面", "plain"]);
});

test("setData takes JSON only, and says where it is not", async () => {
  const page = await phone.open();
  const tried = (data) => page.evaluate(`(() => { try { getCurrentPages()[0].setData(${data}); return "" } catch (error) { return error.message } })()`);
  assert.equal(await tried('{ a: { b: [1, { c: undefined }] } }'), 'setData: "c" is Undefined, which is not JSON');
  assert.equal(await tried("{ when: new Date() }"), 'setData: "when" is Date, which is not JSON');
  assert.equal(await tried("{ n: 0 / 0 }"), 'setData: "n" is NaN, which is not JSON');
  assert.equal(await tried('{ "items[0].f": () => 1 }'), 'setData: "items[0].f" is Function, which is not JSON');
  assert.equal(await tried('{ "items[0].id": "c", fine: [null, true, "", { x: 1.5 }] }'), "");
  await page.getByRole("button", { name: "选 c" }).waitFor();
});

test("pulled down with a finger, the page refreshes until it says stop; at the end it is told", async () => {
  const page = await phone.open();
  await page.log();
  const touch = await page.context().newCDPSession(page);
  const send = (type, y) => touch.send("Input.dispatchTouchEvent", { type, touchPoints: type === "touchEnd" ? [] : [{ x: 200, y }] });
  await send("touchStart", 200);
  for (const y of [230, 270, 310]) await send("touchMove", y);
  await send("touchEnd");
  await page.getByRole("status").filter({ hasText: "正在刷新" }).waitFor();
  assert.deepEqual(await page.log(), ["one.onPullDownRefresh"]);
  await page.wx("stopPullDownRefresh", {});
  assert.equal(await page.getByText("正在刷新").count(), 0);
  await page.wx("startPullDownRefresh", {});
  assert.deepEqual(await page.log(), ["one.onPullDownRefresh"]);
  await page.evaluate(() => document.querySelector(".wx-screen").scrollTo(0, 100_000));
  await page.getByText("第 40 行").waitFor();
  assert.deepEqual(await page.log(), ["one.onReachBottom"]);
});

test("a share card has the page's title and an address that opens it", async () => {
  const page = await phone.open();
  await page.getByRole("button", { name: "分享" }).tap();
  const card = page.getByRole("dialog", { name: "来看看" });
  const address = await card.getByText("detail?id=7").textContent();
  await card.getByRole("button", { name: "复制链接" }).tap();
  await page.getByText("已复制").waitFor();
  assert.equal(address, `${phone.origin}/app/#/packages/sub/detail/detail?id=7`);
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), address);
  await page.wx("hideShareMenu", {});
  assert.equal(await page.getByRole("button", { name: "分享" }).count(), 0);
  await page.getByRole("tab", { name: "二" }).tap();
  assert.equal(await page.getByRole("button", { name: "分享" }).count(), 0); // no onShareAppMessage
});

test("dark mode follows the phone; a wide window shows the phone as a column; large print is told to the app", async () => {
  const page = await phone.open("", { search: "?font=1.4", options: { viewport: { width: 1200, height: 800 }, isMobile: false, colorScheme: "dark" } });
  const { x, width, height } = await page.locator("#wx-phone").boundingBox();
  assert.deepEqual({ x, width, height }, { x: 405, width: 390, height: 800 });
  const paper = () => page.locator("#wx-nav").evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.equal(await paper(), "rgb(17, 34, 17)");
  assert.equal(await page.evaluate(() => wx.getAppBaseInfo().fontSizeScaleFactor), 1.4);
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForFunction(() => document.getElementById("wx-nav").style.backgroundColor === "rgb(238, 255, 238)");
});
