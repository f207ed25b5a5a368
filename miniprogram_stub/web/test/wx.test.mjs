import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { startPhone } from "../testing/phone.mjs";

let phone;
before(async () => (phone = await startPhone()));
afterEach(() => phone.rest());
after(() => phone.stop());

test("requests: JSON, bytes, refusals with their status, and failures with their reason", async () => {
  const page = await phone.open();
  const got = await page.wx("request", { url: "/api/echo?a=1", header: { Authorization: "Bearer t" } });
  assert.equal(got.errMsg, "request:ok");
  assert.equal(got.statusCode, 200);
  assert.equal(got.header["x-said"], "yes");
  assert.equal(got.data.query, "?a=1");
  assert.equal(phone.asked.at(-1).headers.authorization, "Bearer t");
  const refused = await page.wx("request", { url: "/api/echo?status=409", method: "POST", data: { a: 1 } });
  assert.deepEqual([refused.statusCode, refused.data.body], [409, '{"a":1}']);
  assert.equal(await page.evaluate(async () => (await wx.request({ url: "/api/echo", method: "POST", data: new Uint8Array([1, 2, 255]).buffer })).data.bytes), 3);
  const size = await page.evaluate(async () => (await wx.request({ url: "/api/echo", responseType: "arraybuffer" })).data.byteLength);
  assert.ok(size > 20);
  assert.equal((await page.wx("request", { url: "/api/never", timeout: 60 })).errMsg, "request:fail signal timed out");
  assert.match((await page.wx("request", { url: "http://127.0.0.1:1/" })).errMsg, /^request:fail ./);
  const calls = (url) =>
    page.evaluate((url) => new Promise((resolve) => {
      const seen = [];
      wx.request({ url, success: () => seen.push("success"), fail: () => seen.push("fail"), complete: () => resolve([...seen, "complete"]) });
    }), url);
  assert.deepEqual(await calls("/api/echo"), ["success", "complete"]);
  assert.deepEqual(await calls("http://127.0.0.1:1/"), ["fail", "complete"]);
});

test("each person has a storage of their own; the tab remembers who it is", async () => {
  const context = await phone.context();
  const wang = await phone.open("", { search: "?as=王秀英", within: context });
  assert.equal((await wang.wx("login", {})).code, "console-王秀英");
  await wang.evaluate(() => wx.setStorageSync("cart", { n: [1] }));
  const li = await phone.open("", { search: "?as=李强", within: context });
  assert.equal(await li.evaluate(() => wx.getStorageSync("cart")), "");
  await li.evaluate(() => wx.removeStorageSync("cart"));
  await wang.goto(`${phone.origin}/app/`);
  await wang.waitForSelector(".wx-screen");
  assert.equal((await wang.wx("login", {})).code, "console-王秀英");
  assert.deepEqual(await wang.evaluate(() => wx.getStorageSync("cart")), { n: [1] });
  const nobody = await phone.open("", { within: context });
  const { code } = await nobody.wx("login", {});
  assert.match(code, /^console-visitor-\w{8,}$/);
  await nobody.reload();
  assert.equal((await nobody.wx("login", {})).code, code);
});

test("modal and action sheet are real dialogs, a toast is a status line", async () => {
  const page = await phone.open();
  const modal = page.wx("showModal", { title: "确定吗", content: "取消后不能恢复", confirmText: "取消订单" });
  const dialog = page.getByRole("dialog", { name: "确定吗" });
  await dialog.getByText("取消后不能恢复").waitFor();
  await dialog.getByRole("button", { name: "取消订单" }).tap();
  assert.deepEqual(await modal, { errMsg: "showModal:ok", confirm: true, cancel: false });
  const closed = page.wx("showModal", { title: "再问" });
  await page.getByRole("dialog", { name: "再问" }).press("Escape");
  assert.equal((await closed).cancel, true);
  const sheet = page.wx("showActionSheet", { itemList: ["甲", "乙"] });
  await page.getByRole("button", { name: "乙" }).tap();
  assert.equal((await sheet).tapIndex, 1);
  const none = page.wx("showActionSheet", { itemList: ["甲"] });
  await page.getByRole("button", { name: "取消" }).tap();
  assert.equal((await none).errMsg, "showActionSheet:fail cancel");
  await page.wx("showToast", { title: "好了", duration: 80 });
  assert.equal(await page.getByRole("status").textContent(), "好了");
  await page.getByRole("status").waitFor({ state: "hidden" });
});

test("a window that opens on a tap is not hit by that same tap", async () => {
  const page = await phone.open();
  await page.evaluate(() => {
    const answered = (how) => () => log.push(how);
    globalThis.asked = () => wx.showActionSheet({ itemList: Array(40).fill("满屏"), success: answered("hit"), fail: answered("closed") });
  });
  await page.log();
  await page.getByRole("button", { name: "问一问" }).tap(); // where the sheet's choices come to lie
  await page.getByRole("dialog").waitFor();
  await page.getByRole("button", { name: "满屏" }).first().tap();
  await page.waitForFunction(() => log.length);
  assert.deepEqual(await page.log(), ["hit"]);
});

test("the subscribe sheet needs a tap, and payment asks the demo's console in the person's name", async () => {
  const page = await phone.open();
  const cold = await page.wx("requestSubscribeMessage", { tmplIds: ["t1"] });
  assert.equal(cold.errMsg, "requestSubscribeMessage:fail can only be invoked by user TAP gesture.");
  await page.evaluate(() => (globalThis.asked = () => wx.requestSubscribeMessage({ tmplIds: ["t1"], success: ({ t1 }) => log.push(t1) })));
  await page.getByRole("button", { name: "问一问" }).tap();
  await page.getByRole("button", { name: "允许" }).tap();
  await page.waitForFunction(() => log.includes("accept"));
  await page.log();
  await page.reload(); // the answer is kept while the tab lives
  await page.evaluate(() => (globalThis.asked = () => wx.requestSubscribeMessage({ tmplIds: ["t1"], success: ({ t1 }) => log.push(t1) })));
  await page.getByRole("button", { name: "问一问" }).tap();
  await page.waitForFunction(() => log.includes("accept"));

  await page.wx("request", { url: "/api/echo", header: { Authorization: "Bearer mine" } });
  const client = { provider: "console", number: "0190f0e07c3a7e0a8b1c2d3e4f506172", amount_fen: 1250 };
  const paying = page.wx("requestPayment", client);
  await page.getByRole("dialog", { name: "演示付款" }).getByText("¥ 12.50").waitFor();
  await page.getByRole("button", { name: "确认付款" }).tap();
  assert.equal((await paying).errMsg, "requestPayment:ok");
  const { method, path, headers } = phone.asked.at(-1);
  assert.deepEqual([method, path, headers.authorization], ["POST", "/api/v1/demo/payments/0190f0e0-7c3a-7e0a-8b1c-2d3e4f506172/pay", "Bearer mine"]);
  const before = phone.asked.length;
  const not = page.wx("requestPayment", client);
  await page.getByRole("button", { name: "取消" }).tap();
  assert.equal((await not).errMsg, "requestPayment:fail cancel");
  assert.equal(phone.asked.length, before);
});

test("without a network the app is told, and pages that were not open yet still open", async () => {
  const page = await phone.open();
  await page.evaluate(() => wx.onNetworkStatusChange(({ isConnected, networkType }) => log.push(`${isConnected} ${networkType}`)));
  await page.log();
  await page.context().setOffline(true);
  await page.waitForFunction(() => log.length);
  assert.deepEqual(await page.log(), ["false none"]);
  assert.equal((await page.wx("getNetworkType", {})).networkType, "none");
  assert.match((await page.wx("request", { url: "/api/echo" })).errMsg, /^request:fail/);
  await page.getByRole("button", { name: "去表单" }).tap();
  await page.getByText("提交").waitFor();
});

test("a chosen photo has a path, a size and bytes, once privacy is agreed to", async () => {
  const page = await phone.open();
  const refused = page.wx("chooseMedia", { count: 1, mediaType: ["image"] });
  await page.getByRole("button", { name: "拒绝" }).tap();
  assert.match((await refused).errMsg, /chooseMedia:fail privacy/);
  const chooser = page.waitForEvent("filechooser");
  const chosen = page.wx("chooseMedia", { count: 1, mediaType: ["image"] });
  await page.getByRole("button", { name: "同意" }).tap();
  await (await chooser).setFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.from([137, 80, 78, 71]) });
  const { tempFiles } = await chosen;
  assert.equal(tempFiles[0].size, 4);
  const read = (options) =>
    page.evaluate((options) => new Promise((resolve) => wx.getFileSystemManager().readFile({ ...options, success: ({ data }) => resolve([...new Uint8Array(data)]), fail: ({ errMsg }) => resolve(errMsg) })), options);
  assert.deepEqual(await read({ filePath: tempFiles[0].tempFilePath }), [137, 80, 78, 71]);
  assert.equal(await page.evaluate(() => wx.arrayBufferToBase64(new Uint8Array([137, 80, 78, 71]).buffer)), "iVBORw==");
  assert.match(await read({ filePath: "wxfile://none" }), /^readFile:fail no such file/);
  await page.wx("setClipboardData", { data: "编号" }); // asked once
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "编号");
});
