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
  assert.equal(await heard(page), 'note input {"value":"一二三四五"}');
  assert.deepEqual(page.faults, []);
});

test("boxes, radios and a switch tell what is chosen", async () => {
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
  assert.equal(await page.getByRole("switch", { name: "同意" }).isChecked(), true);
});

test("pickers: a list, a date in a label, a time; closing one chooses nothing", async () => {
  const page = await open();
  await page.getByRole("button", { name: "选水果" }).tap();
  await page.keyboard.press("Escape");
  assert.equal(await heard(page), "");
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

test("a link leads on, by the keyboard too", async () => {
  const page = await open();
  await page.getByRole("link", { name: "看详情" }).press("Enter");
  await page.getByText("详情 3", { exact: true }).waitFor();
});
