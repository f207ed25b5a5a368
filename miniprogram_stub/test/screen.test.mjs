// How pages load: one load at a time, the last question answered, failures said.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { load } from "../tools/load.mjs";

let page;
let toasts;
let loads; // begun and not ended: each is ended by hand
let Problem;

beforeEach(async () => {
  toasts = [];
  loads = [];
  globalThis.wx = {
    getAppBaseInfo: () => ({}),
    getStorageSync: () => "",
    hideShareMenu() {},
    showToast: ({ title }) => toasts.push(title),
  };
  globalThis.Page = (options) => {
    page = { ...options, setData: (data) => Object.assign(page.data, data) };
  };
  const { screen, ...rest } = await load("utils/screen", "services/api");
  Problem = rest.Problem;
  const answer = () => new Promise((end, fail) => loads.push({ end, fail: (status) => fail(new Problem(status, "x", "说的话")) }));
  screen({
    data: { asked: "first", shown: "" },
    async load() {
      const { asked } = this.data;
      await answer();
      this.setData({ shown: asked });
    },
    async more() {
      await answer();
      this.setData({ shown: `${this.data.shown}, more` });
    },
  });
  page.onLoad({});
  await ends();
});

const settled = () => new Promise((later) => setTimeout(later));

/** The load under way ends, and only one is. */
async function ends(how = (one) => one.end()) {
  await settled();
  assert.equal(loads.length, 1);
  how(loads.shift());
  await settled();
}

test("asked again and again while it loads, it loads once more, and the last question is answered", async () => {
  let answered = 0;
  for (const asked of ["second", "third", "last"]) {
    page.setData({ asked });
    page.refresh().then(() => answered++);
    await settled();
  }
  await ends();
  assert.deepEqual([page.data.shown, answered], ["second", 1]);
  await ends();
  assert.deepEqual([page.data.shown, answered, loads.length], ["last", 3, 0]);
});

test("the end of a list is reached twice: its next part is asked for once, after what is loading", async () => {
  page.setData({ asked: "again" });
  page.refresh();
  await settled();
  page.onReachBottom();
  page.onReachBottom();
  await ends();
  await ends();
  assert.deepEqual([page.data.shown, loads.length], ["again, more", 0]);
});

test("a part of a list that does not come is said, and may be asked for again", async () => {
  page.onReachBottom();
  await ends((one) => one.fail(503));
  assert.deepEqual([toasts, page.data.state, page.data.shown], [["说的话"], "ready", "first"]);
  page.onReachBottom();
  await ends();
  assert.equal(page.data.shown, "first, more");
});

test("what could not be loaded anew stays in sight, and why is said", async () => {
  page.refresh();
  await ends((one) => one.fail(0));
  assert.deepEqual([toasts, page.data.state], [["没有刷新成功：说的话"], "ready"]);
});

for (const status of [403, 404]) {
  test(`what is somebody's no longer (${status}) does not stay in sight`, async () => {
    page.refresh();
    await ends((one) => one.fail(status));
    assert.deepEqual([toasts, page.data.state, page.data.trouble], [[], "trouble", "说的话"]);
    page.refresh();
    await ends();
    assert.equal(page.data.state, "ready");
  });
}
