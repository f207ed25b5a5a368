// The volunteer's outbox on a pretended phone: storage that outlives a restart, a network that fails, a server that answers.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { load } from "../tools/load.mjs";

const HOUR = 3600_000;
let phone;

beforeEach(() => {
  phone = {
    storage: { session: { access_token: "t", refresh_token: "r", until: Date.now() + HOUR } },
    online: true,
    listeners: [],
    modals: [],
    went: [],
    requests: [],
    /** What the server answers; throw: the request arrives, its answer does not. */
    server: () => ({ results: [{ outcome: "taken" }] }),
  };
});

/** The app opened anew on the same phone. */
async function start() {
  phone.listeners = [];
  globalThis.wx = {
    getAppBaseInfo: () => ({}),
    getStorageSync: (key) => structuredClone(phone.storage[key] ?? ""),
    setStorageSync: (key, value) => void (phone.storage[key] = structuredClone(value)),
    removeStorageSync: (key) => void delete phone.storage[key],
    getNetworkType: ({ success }) => success({ networkType: phone.online ? "4g" : "none" }),
    onNetworkStatusChange: (heard) => phone.listeners.push(heard),
    showModal: async (modal) => (phone.modals.push(modal), { confirm: true }),
    navigateTo: ({ url }) => phone.went.push(url),
    request({ url, header, data, success, fail }) {
      if (!phone.online) return void setTimeout(() => fail({ errMsg: "request:fail" }));
      phone.requests.push({ url, key: header["Idempotency-Key"], body: JSON.parse(data) });
      setTimeout(() => {
        try {
          const answer = phone.server(JSON.parse(data).events[0], header["Idempotency-Key"]);
          success({ statusCode: answer.status ?? 200, data: answer, header: phone.header ?? {} });
        } catch {
          fail({ errMsg: "request:fail timeout" });
        }
      });
    },
  };
  const app = await load("services/outbox", "services/held-tasks", "services/clock");
  app.startOutbox();
  await app.carryAndSay();
  return app;
}

function network(online) {
  phone.online = online;
  phone.listeners.forEach((heard) => heard({ isConnected: online }));
}

const settle = (position, outcome = "done") => ({ action: "settle", position, outcome });
const kept = () => phone.storage.outbox ?? [];
const TASK = { id: "c1", status: "in_progress", doors: 2, doors_done: 0, stops: [{ position: 1, room: "301", outcome: null }, { position: 2, room: "302", outcome: null }] };

test("with a network an act is told at once, and nothing stays", async () => {
  const app = await start();
  assert.equal(await app.tell("c1", settle(1), "301：送到了"), true);
  assert.deepEqual(kept(), []);
  const [{ url, body }] = phone.requests;
  assert.match(url, /\/task-events$/);
  assert.deepEqual({ ...body.events[0], at: 0 }, { ...settle(1), claim_id: "c1", at: 0 });
});

test("without one it waits, and is told in its order with the times at which it was done", async () => {
  const app = await start();
  network(false);
  const began = Date.now();
  assert.equal(await app.tell("c1", settle(1), "301"), false);
  assert.equal(await app.tell("c1", settle(2, "not_home"), "302"), false);
  assert.equal(await app.tell("c1", { action: "done", how: "doors" }, "办完了"), false);
  const ended = Date.now();
  assert.equal(app.waiting(app.acts()).length, 3);
  assert.deepEqual(phone.requests, []);
  await new Promise((later) => setTimeout(later, 30));
  network(true);
  await app.carry();
  assert.deepEqual(phone.requests.map(({ body }) => [body.events[0].action, body.events[0].position]), [["settle", 1], ["settle", 2], ["done", undefined]]);
  for (const { body } of phone.requests) {
    const at = Date.parse(body.events[0].at);
    assert.ok(at >= began && at <= ended, "the time of the act, not of the telling");
  }
  assert.deepEqual(kept(), []);
});

test("an answer that is lost: the same request with the same key, after a restart too", async () => {
  const app = await start();
  const effects = new Set();
  phone.server = (event, key) => {
    effects.add(key);
    throw new Error("lost");
  };
  assert.equal(await app.tell("c1", settle(1), "301"), false);
  assert.equal(kept().length, 1);
  phone.server = (event, key) => (effects.add(key), { results: [{ outcome: "taken" }] });
  await start();
  assert.equal(phone.requests.length, 2);
  assert.deepEqual(phone.requests[0], phone.requests[1]);
  assert.equal(effects.size, 1);
  assert.deepEqual(kept(), []);
});

test("a day without a network, its answer lost before: still the same request with the same key", async () => {
  const app = await start();
  phone.server = () => {
    throw new Error("lost");
  };
  await app.tell("c1", settle(1), "301");
  mock.timers.enable({ apis: ["Date"], now: Date.now() + 24 * HOUR });
  phone.storage.session.until += 24 * HOUR;
  phone.server = () => ({ results: [{ outcome: "taken" }] });
  await start();
  mock.timers.reset();
  assert.equal(phone.requests.length, 2);
  assert.deepEqual(phone.requests[0], phone.requests[1]);
});

test("a first start without a network: what was done waits, and nothing goes wrong unheard", async () => {
  const app = await start();
  delete phone.storage.session;
  wx.login = () => Promise.reject({ errMsg: "login:fail" }); // before the phone knows that it is offline
  assert.equal(await app.tell("c1", settle(1), "301"), false);
  await app.carryAndSay();
  assert.deepEqual([kept().length, phone.requests, phone.modals], [1, [], []]);
});

test("two acts are two intents: each has a key of its own", async () => {
  const app = await start();
  network(false);
  await app.tell("c1", settle(1), "301");
  await app.tell("c1", settle(2), "302");
  network(true);
  await app.carry();
  assert.equal(new Set(phone.requests.map(({ key }) => key)).size, 2);
});

test("what was told while the network was away is told at the next start, once", async () => {
  const app = await start();
  network(false);
  await app.tell("c1", settle(1), "301");
  phone.online = true; // the app was closed meanwhile: it heard nothing
  await start();
  await start();
  assert.equal(phone.requests.length, 1);
});

test("the network fails midway: what was answered is gone, the rest waits in its order", async () => {
  const app = await start();
  network(false);
  for (const n of [1, 2]) await app.tell("c1", settle(n), `${n}`);
  phone.server = () => {
    phone.server = () => {
      throw new Error("gone again");
    };
    return { results: [{ outcome: "taken" }] };
  };
  network(true);
  await app.carry();
  assert.deepEqual(kept().map(({ event }) => event.position), [2]);
});

test("a server that is busy is asked again later; nothing is dropped", async () => {
  const app = await start();
  phone.server = () => ({ status: 503, detail: "稍后再试" });
  assert.equal(await app.tell("c1", settle(1), "301"), false);
  assert.deepEqual(kept().map(({ said }) => said), [""]);
});

test("a refusal now is thrown in the server's words, and not kept besides", async () => {
  const app = await start();
  phone.server = () => ({ results: [{ outcome: "not_begun", detail: "请先点“开始”。" }] });
  await assert.rejects(app.tell("c1", settle(1), "301"), { detail: "请先点“开始”。" });
  assert.deepEqual(kept(), []);
});

test("a refusal later is said where the person is, and stays until they have read it", async () => {
  const app = await start();
  network(false);
  await app.tell("c1", settle(1), "301：送到了");
  phone.server = () => ({ results: [{ outcome: "not_begun", detail: "请先点“开始”。" }] });
  network(true);
  await app.carryAndSay();
  assert.equal(phone.modals.length, 1);
  assert.match(phone.modals[0].content, /301：送到了：请先点“开始”。/);
  assert.deepEqual(phone.went, ["/packages/volunteer/mine/mine"]);
  await start();
  assert.equal(phone.modals.length, 1, "not said again at each start");
  assert.deepEqual(app.refused(app.acts()).map(({ said }) => said), ["请先点“开始”。"]);
  app.putAway(app.acts()[0]);
  assert.deepEqual(kept(), []);
});

test("a request that is refused as a whole, too; and it may be told again, as a new intent", async () => {
  const app = await start();
  network(false);
  await app.tell("c1", settle(1), "301");
  phone.server = () => ({ status: 404, code: "not_found", detail: "没有找到任务。" });
  network(true);
  await app.carryAndSay();
  const [act] = app.refused(app.acts());
  assert.equal(act.said, "没有找到任务。");
  phone.server = () => ({ results: [{ outcome: "taken" }] });
  await app.tellAgain(act);
  assert.deepEqual(kept(), []);
  const [first, second] = phone.requests;
  assert.deepEqual(first.body, second.body);
  assert.notEqual(first.key, second.key);
});

test("settled by somebody else meanwhile, or called off: said, not lost", async () => {
  const app = await start();
  network(false);
  await app.tell("c1", settle(1), "301");
  phone.server = () => ({ results: [{ outcome: "conflict", detail: null }] });
  network(true);
  await app.carryAndSay();
  assert.match(app.refused(app.acts())[0].said, /协调员看得到/);
});

test("a task as its holder left it: doors settled offline show it, and wait", async () => {
  const app = await start();
  network(false);
  app.keep(TASK);
  await app.tell("c1", settle(1), "301");
  await app.tell("c2", settle(2), "another task's");
  const { task, waits, ended } = app.withActs(app.heldTask("c1"), app.acts());
  assert.deepEqual(task.stops.map(({ outcome }) => outcome), ["done", null]);
  assert.equal(task.doors_done, 1);
  assert.deepEqual(waits, [1]);
  assert.equal(ended, "");
});

test("addresses go from the phone when the work is told as over, before the server knows", async () => {
  const app = await start();
  network(false);
  app.keep(TASK);
  await app.tell("c1", { action: "done", how: "doors" }, "办完了");
  assert.doesNotMatch(JSON.stringify(phone.storage), /"room"/);
  assert.equal(app.withActs(app.heldTask("c1"), app.acts()).ended, "done");
  assert.equal(app.endOf("c2", app.acts()), "");
});

test("addresses go when the task is no longer theirs, and after twelve hours in any case", async () => {
  let app = await start();
  app.keep(TASK);
  assert.equal(app.heldTask("c1").stops.length, 2);
  app.keep({ ...TASK, status: "released" });
  assert.equal(phone.storage["held-tasks"], undefined);
  app.keep(TASK);
  phone.storage["held-tasks"].c1.at -= 12 * HOUR + 1;
  app = await start();
  assert.equal(app.heldTask("c1"), null);
  assert.equal(phone.storage["held-tasks"], undefined, "erased, not only hidden");
  app.keep(TASK);
  app.eraseUnless((id) => id !== "c1");
  assert.equal(phone.storage["held-tasks"], undefined);
});

test("a phone that runs ten minutes fast tells no time of the future, nor after a restart without a network", async () => {
  const app = await start();
  phone.header = { Date: new Date(Date.now() - 600_000).toUTCString() };
  await app.tell("c1", settle(1), "301");
  network(false);
  await app.tell("c1", settle(2), "302");
  const again = await start();
  await again.tell("c1", settle(3), "303");
  for (const { event } of kept()) {
    const early = Date.now() - Date.parse(event.at) - 600_000;
    assert.ok(early >= 0 && early < 5_000, `${early} ms before the server's time`);
  }
});
