import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { startPhone } from "../testing/phone.mjs";

let phone;
before(async () => (phone = await startPhone()));
afterEach(() => phone.rest());
after(() => phone.stop());

const open = () => phone.open("#/packages/sub/form/form");
const heard = (page) => page.locator("page > view").first().textContent();

test("a text field goes both ways and is found by its label", async () => {
  const page = await open();
  const field = page.getByLabel("名字");
  assert.equal(await field.inputValue(), "王");
  await field.fill("王秀英");
  await page.getByText("王秀英", { exact: true }).waitFor();
  await page.evaluate(() => getCurrentPages()[0].setData({ name: "李" }));
  assert.equal(await field.inputValue(), "李");
  await page.getByLabel("备注").pressSequentially("一二三四五六");
  assert.equal(await page.getByLabel("备注").inputValue(), "一二三四五"); // maxlength
  assert.equal(await heard(page), 'note input {"value":"一二三四五","cursor":5}');
  assert.deepEqual(page.faults, []);
});

test("boxes, radios, switch and slider tell what is chosen", async () => {
  const page = await open();
  await page.getByText("甲").tap();
  await page.getByText("乙").tap();
  assert.equal(await heard(page), 'boxes change {"value":["x","y"]}');
  await page.getByRole("checkbox", { name: "甲" }).uncheck();
  assert.equal(await heard(page), 'boxes change {"value":["y"]}');
  assert.equal(await page.getByRole("radio", { name: "梨" }).isChecked(), true);
  await page.getByText("苹果").tap();
  assert.equal(await heard(page), 'radios change {"value":"apple"}');
  assert.equal(await page.getByRole("radio", { name: "梨" }).isChecked(), false);
  await page.getByRole("switch", { name: "同意" }).tap();
  await page.getByText("已同意").waitFor();
  await page.getByRole("slider", { name: "多少" }).fill("60");
  assert.equal(await heard(page), 'slide change {"value":60}');
  assert.equal(await page.getByRole("progressbar", { name: "进度" }).evaluate((element) => element.position), 0.3);
});

test("a form sends its named fields", async () => {
  const page = await open();
  await page.getByText("乙").tap();
  await page.getByLabel("备注").fill("好");
  await page.getByRole("button", { name: "提交" }).tap();
  const sent = JSON.parse(await page.locator("page > view").nth(1).textContent());
  assert.deepEqual(sent, { name: "王", note: "好", boxes: ["y"], radios: "pear", agree: false });
});

test("pickers: a list, a date in a label, a time; closing one chooses nothing", async () => {
  const page = await open();
  await page.getByRole("button", { name: "选水果" }).tap();
  await page.keyboard.press("Escape");
  await page.getByText("cancel").waitFor();
  assert.equal(await heard(page), " cancel {}");
  await page.getByRole("button", { name: "选水果" }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "苹果" }).tap();
  assert.equal(await heard(page), "picked 0");
  await page.getByRole("combobox", { name: "哪天" }).tap();
  await page.getByRole("dialog").getByLabel("哪天").fill("2022-04-05");
  await page.getByRole("dialog").getByRole("button", { name: "确定" }).tap();
  assert.equal(await heard(page), 'day change {"value":"2022-04-05"}');
  await page.getByRole("button", { name: "选时间" }).tap();
  await page.getByRole("dialog").locator("input").fill("07:30");
  await page.getByRole("dialog").getByRole("button", { name: "确定" }).tap();
  assert.equal(await heard(page), 'time change {"value":"07:30"}');
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("the phone number is not to be had in a browser; a link leads on", async () => {
  const page = await open();
  await page.getByRole("button", { name: "手机号" }).tap();
  assert.match(await heard(page), /getphonenumber .*getPhoneNumber:fail not supported in the browser/);
  await page.getByRole("link", { name: "看详情" }).press("Enter");
  await page.getByText("详情 3", { exact: true }).waitFor();
});
