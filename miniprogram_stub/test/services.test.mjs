// One request as a phone makes it: the key of an intent and how long it lives, what is said when no answer comes, signing in.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { load } from "../tools/load.mjs";

const MINUTE = 60_000;
const SIGNED_IN = { access_token: "t", refresh_token: "r", until: Date.now() + 24 * 60 * MINUTE };
const ORDER = { body: { campaign_id: "c1" } };
let phone;

beforeEach(() => {
  mock.timers.enable({ apis: ["Date"], now: Date.now() });
  phone = {
    storage: { session: SIGNED_IN },
    requests: [],
    /** What the server answers; throw: its answer does not arrive. */
    server: () => ({ status: 201 }),
    host: { env: "WeChat" },
    login: async () => ({ code: "code" }),
  };
  globalThis.wx = {
    getAppBaseInfo: () => ({ host: phone.host }),
    getStorageSync: (key) => structuredClone(phone.storage[key] ?? ""),
    setStorageSync: (key, value) => void (phone.storage[key] = structuredClone(value)),
    login: () => phone.login(),
    getFileSystemManager: () => ({ readFile: ({ success }) => success({ data: new Uint8Array([0x89, 0x50]).buffer }) }),
    request({ url, header, success, fail }) {
      phone.requests.push({ url, key: header["Idempotency-Key"] });
      try {
        const { status = 200, ...data } = phone.server(url);
        success({ statusCode: status, data, header: {} });
      } catch {
        fail({ errMsg: "request:fail" });
      }
    },
  };
});
afterEach(() => mock.timers.reset());

const start = () => load("services/api");
const keys = () => phone.requests.map(({ key }) => key);
const lost = () => {
  throw new Error("lost");
};

test("tried again after a lost answer it is the same intent; answered, the same wish is a new one", async () => {
  const { post } = await start();
  phone.server = lost;
  await assert.rejects(post("/orders", ORDER), { status: 0 });
  mock.timers.tick(2 * MINUTE);
  phone.server = () => ({ status: 201 });
  await post("/orders", ORDER);
  await post("/orders", ORDER);
  const [first, again, next] = keys();
  assert.equal(first, again);
  assert.notEqual(next, first);
});

test("an answer is lost, its order called off; the same wish an hour later is a new order", async () => {
  const { post } = await start();
  phone.server = lost;
  await assert.rejects(post("/orders", ORDER), { status: 0 });
  phone.server = () => ({ status: 201 });
  await post("/orders/{order_id}/cancel", { path: { order_id: "o1" }, body: { revision: 1 } });
  mock.timers.tick(60 * MINUTE);
  await post("/orders", ORDER);
  assert.equal(new Set(keys()).size, 3);
});

test("a caller who keeps the key itself is asked for no other, and nothing of it is kept here", async () => {
  const { post } = await start();
  phone.server = lost;
  for (const wait of [0, 24 * 60 * MINUTE]) {
    mock.timers.tick(wait);
    phone.storage.session.until += wait;
    await assert.rejects(post("/orders", ORDER, "mine"), { status: 0 });
  }
  assert.deepEqual(keys(), ["mine", "mine"]);
  assert.deepEqual(phone.storage.intents ?? {}, {});
});

test("a picture is an act like any other: refused for good it is a new intent, with no answer the same", async () => {
  const { postImage } = await start();
  const send = () => postImage("/photos", "a.png").catch(({ status }) => status);
  phone.server = () => ({ status: 422, code: "invalid" });
  assert.equal(await send(), 422);
  phone.server = lost;
  assert.equal(await send(), 0);
  phone.server = () => ({ status: 503, code: "busy" });
  assert.equal(await send(), 503);
  const [refused, unanswered, again] = keys();
  assert.notEqual(refused, unanswered);
  assert.equal(unanswered, again);
});

test("no answer: what was only asked for is asked again, what was done may have been done", async () => {
  const { get, post } = await start();
  phone.server = lost;
  await assert.rejects(get("/me"), { code: "no_answer", detail: /^网络不通/ });
  await assert.rejects(post("/orders", ORDER), { code: "no_answer", detail: /可能已经办成.*先看看/ });
});

test("a first start without a network: WeChat gives no code, and that is said as any other lost answer", async () => {
  const { get, Problem } = await start();
  phone.storage = {};
  phone.login = () => Promise.reject({ errMsg: "login:fail" });
  const error = await get("/me").catch((caught) => caught);
  assert.ok(error instanceof Problem);
  assert.deepEqual([error.status, error.code, error.passing], [0, "no_answer", true]);
  assert.deepEqual(phone.requests, []);
});

test("a phone and DevTools ask a whole address, a browser the server that it came from", async () => {
  await (await start()).look("/public/notices");
  assert.match(phone.requests[0].url, /^https:\/\/[^/]+\/api\/v1\/public\/notices$/);
  phone.host = { env: "browser" };
  await (await start()).look("/public/notices");
  assert.equal(phone.requests[1].url, "/api/v1/public/notices");
});
