// A volunteer between two calls: what can I do now, what is in my hands, and one task from its start to its end.

import { all, get, missing, post, upload } from "./api.js";
import { ask, button, card, chip, field, h, line, lines, message } from "./dom.js";
import { radios } from "./basket.js";
import { when } from "./group_words.js";
import { EXCUSES, FAILURES, OUTCOMES, door, effort, minutes, tone, weight } from "./task_words.js";
import { later, today } from "./words.js";

export const title = "我能做什么";
export const forWhom = (desk) => desk.may("volunteering:task:claim");
export const first = (desk) => (desk.may("groupbuy:campaign:organise") || desk.may("volunteering:task:read") ? 0.5 : 5);

const SHOWN = 6; // more than one reads between two calls

export const page = (desk, id) => (id ? detail(desk, id) : list(desk));

async function list(desk) {
  const me = await missing(get("/me/volunteer"));
  if (!me) return [h("h1", {}, "您还不在群众工作队里"), h("p", {}, "想帮忙的话，请联系社区书记或社区工作者登记。")];
  const [{ items }, held, offers, done] = await Promise.all([
    get("/tasks/for-me"), all("/task-claims"), all("/hand-overs"), get("/me/service-record", { since: later(today(), -29), until: today() }),
  ]);
  const open = items.filter((task) => task.offered);
  const not = items.filter((task) => !task.offered);
  return [
    h("h1", {}, open.length ? `现在有 ${open.length} 项您能做` : "现在没有您能做的"),
    health(desk, me),
    ...offers.map((one) => handOver(desk, me, one)),
    inHand(held),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, open.slice(0, SHOWN).map((task) => offer(desk, task)),
        open.length > SHOWN ? h("details", {}, h("summary", {}, `还有 ${open.length - SHOWN} 项`), h("div", { class: "stack" }, open.slice(SHOWN).map((task) => offer(desk, task)))) : null),
      h("div", { class: "stack" }, record(me, done), refused(not))),
  ].filter(Boolean);
}

/** One word a day, and no symptoms. */
function health(desk, me) {
  const say = (fit, done) => desk.act(() => post(`/volunteers/${me.id}/fitness`, { fit }), done);
  const well = button("我很好，可以帮忙", () => say(true, "已登记，谢谢您。"), me.fit_today === null ? "primary big" : "primary");
  if (me.fit_today === true) return null;
  if (me.fit_today === false) return card("今天好好休息", h("p", {}, "您登记了今天身体不适，今天不用领任务。"), h("div", { class: "choices" }, well));
  return card("今天身体怎么样？", h("p", { class: "muted" }, "只要一个字，不用写症状。登记了才能领任务。"), well,
    button("今天不舒服", () => say(false, "已登记，请好好休息。")));
}

function offer(desk, task) {
  return h("section", { class: "card offered" },
    h("div", { class: "event" }, h("h2", {}, task.title), task.urgency >= 5 && chip("比较急", "wait")),
    h("p", {}, h("b", {}, task.place_name), `，${span(task)}`),
    h("p", { class: "muted" }, effort(task), task.free > 1 ? ` · 还要 ${task.free} 人` : ""),
    h("p", { class: "why" }, task.why),
    button("我来", () => claim(desk, task), "primary big"));
}

const span = (task) => (new Date(task.starts_at) <= new Date() ? `现在到${when(task.ends_at)}` : `${when(task.starts_at)}起`);

async function claim(desk, task) {
  let taken = null;
  await desk.act(async () => { taken = await post(`/tasks/${task.id}/claim`); }, `“${task.title}”归您了，请按时开始。`);
  if (taken) desk.go(`#/tasks/${taken.id}`);
}

function refused(tasks) {
  if (!tasks.length) return null;
  return h("details", {}, h("summary", {}, `另有 ${tasks.length} 项现在不能领，看看为什么`),
    h("ul", { class: "rows" }, tasks.map((task) => h("li", { class: "row" }, h("span", {}, h("b", {}, task.title),
      h("small", { class: "muted block" }, `${task.place_name}，${span(task)}`)), h("small", {}, task.why)))));
}

function inHand(held) {
  if (!held.length) return null;
  return h("section", { class: "stack near" }, h("h2", {}, `在我手里：${held.length} 项`),
    h("ul", { class: "offers" }, held.map((claim) => h("li", { class: "card", "data-tone": claim.reminder_due ? "wait" : null },
      h("div", { class: "event" }, h("b", {}, claim.title), chip(claim.status_label, tone(claim.status))),
      h("p", {}, claim.place_name), lease(claim),
      h("a", { class: "button primary", href: `#/tasks/${claim.id}` }, claim.status === "in_progress" ? "继续" : "打开")))));
}

const LEASES = { claimed: "开始", accepted: "开始", assigned: "答复", in_progress: "办完" };

const OTHERWISE = {
  claimed: "来不及可以再要一点时间，也可以退回", accepted: "来不及可以再要一点时间，也可以退回", assigned: "不接受也没关系", in_progress: "来不及可以再要一点时间",
};

function lease(claim) {
  if (!claim.lease_until) return null;
  const by = `请在 ${when(claim.lease_until)} 前${LEASES[claim.status]}`;
  if (claim.reminder_due) return h("p", { class: "due" }, h("b", {}, `快到时间了：${by}`));
  return h("p", { class: "muted" }, `${by}，${OTHERWISE[claim.status]}。`);
}

function handOver(desk, me, one) {
  if (one.to_volunteer_id !== me.id) {
    return message("notice", `“${one.title}”等对方点清 ${one.custody.length} 件后接手。`,
      button("收回", () => desk.act(() => post(`/hand-overs/${one.id}/answer`, { accept: false }), "已收回。")));
  }
  const answer = (body, done) => desk.act(() => post(`/hand-overs/${one.id}/answer`, body), done);
  return card(`交接给您：${one.title}`, h("p", {}, "请当面点清，数目对上了再接手："), h("ul", {}, one.custody.map((piece) => h("li", {}, `· ${piece}`))),
    h("div", { class: "choices" }, button("点清了，接手", () => ask({
      title: "点到几件？", yes: "接手", fields: [field("件数", h("input", { name: "pieces", type: "number", min: 0, required: true, inputmode: "numeric" }))],
    }, ({ pieces }) => answer({ accept: true, pieces: Number(pieces.value) }, "已接手，谢谢。")), "primary"), button("不接", () => answer({ accept: false }, "已答复。"))));
}

function record(me, done) {
  return card("我的服务", h("p", {}, done.sentence), h("p", { class: "muted" }, `岗位：${me.posts.map((post) => `${post.place_name}${post.label}`).join("、") || "还没有"}`),
    done.waiting ? h("p", { class: "muted" }, `还有 ${done.waiting} 项等核实。`) : null);
}

// --- One task in hand ---------------------------------------------------------------------------------------------

async function detail(desk, id) {
  const claim = await get(`/task-claims/${id}`);
  const seen = claim.status === "in_progress" && claim.doors ? await post(`/task-claims/${id}/doors`) : { stops: [] };
  if (claim.reminder_due || claim.lease_until) desk.refreshAt(claim.lease_until);
  return [
    h("div", { class: "stack near" }, h("p", {}, h("a", { class: "aside", href: "#/tasks" }, "‹ 我能做什么")), h("h1", {}, claim.title),
      h("p", { class: "meta" }, chip(claim.status_label, tone(claim.status)), h("span", { class: "muted" }, claim.place_name))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, medicine(claim), now(desk, claim), doorList(desk, claim, seen.stops), finish(desk, claim)),
      h("div", { class: "stack" }, facts(claim), otherwise(desk, claim))),
  ];
}

const MEDICINE = { medicine_trip: "去看采买清单", medicine_delivery: "去送药页面核对身份" };

const medicine = (claim) => (claim.status === "in_progress" && MEDICINE[claim.kind]
  ? card("药", h("p", {}, "药名只在这里看，每次查看都有记录。"), h("a", { class: "button primary", href: "#/medicine" }, MEDICINE[claim.kind])) : null);

const step = (desk, claim, action, done, body = {}) => desk.act(() => post(`/task-claims/${claim.id}/${action}`, { revision: claim.revision, ...body }), done);

function now(desk, claim) {
  const may = (action) => claim.allowed_actions.includes(action);
  const steps = [
    may("accept") && button("接受", () => step(desk, claim, "accept", "已接受，请按时开始。"), "primary big"),
    may("decline") && button("不接受，不用说理由", () => step(desk, claim, "decline", "已答复，谢谢您告诉我们。")),
    may("start") && button("开始", () => step(desk, claim, "start", "开始了。要上门的话，地址已经显示。"), "primary big"),
    may("extend") && claim.extensions_left > 0 && button("再给我一点时间", () => step(desk, claim, "extend", "时间已延长。")),
  ].filter(Boolean);
  if (!steps.length) return null;
  return card("现在", lease(claim), claim.doors && claim.status !== "in_progress" ? h("p", { class: "muted" }, `要去 ${claim.doors} 户，开始以后才显示地址，这会记下来。`) : null, ...steps);
}

const CALLS = new Set(["care_visit", "care_call", "patient_escort", "other"]); // nothing is brought

function doorList(desk, claim, stops) {
  if (!stops.length) return null;
  const said = { ...OUTCOMES, ...(CALLS.has(claim.kind) ? { done: "办好了" } : {}) };
  const settle = (stop, outcome) => desk.act(() => post(`/task-claims/${claim.id}/doors/${stop.position}/settle`, { outcome }), `${door(stop)}：${said[outcome]}。`);
  const medicines = claim.kind === "medicine_delivery";
  return card(`上门：${claim.doors_done} / ${claim.doors} 户`, h("meter", { min: 0, max: claim.doors, value: claim.doors_done }),
    h("ul", { class: "stack" }, stops.map((stop) => h("li", { class: "stop", "data-done": stop.outcome !== null },
      h("b", { class: "number" }, door(stop)), h("span", { class: "muted" }, [stop.floor && `${stop.floor} 楼`, weight(stop.grams)].filter(Boolean).join(" · ")),
      stop.outcome ? chip(said[stop.outcome], stop.outcome === "done" ? "good" : "wait") : h("div", { class: "choices" },
        !medicines && button(said.done, () => settle(stop, "done"), "primary"), button("没办成", () => ask({
          title: `${door(stop)}没办成`, yes: "记下", fields: [radios("为什么", "outcome", FAILURES, "not_home")],
        }, (form) => settle(stop, form.outcome.value))), button("打电话", () => ring(claim, stop)),
        claim.kind === "care_visit" && h("a", { class: "button", href: `#/medicine/new/${stop.household_id}` }, "替他登记买药"))))));
}

function ring(claim, stop) {
  ask({ title: `打给 ${door(stop)}`, words: "查看电话会留痕。", yes: "查看电话", fields: [field("为什么", h("input", { name: "purpose", required: true, maxlength: 200, value: "上门前先打电话" }))] },
    async ({ purpose }) => {
      const { phone } = await post(`/task-claims/${claim.id}/doors/${stop.position}/phone`, { purpose: purpose.value.trim() });
      ask({ title: phone, words: "打完请不要另外记下来。", yes: "好", fields: [h("a", { class: "button", href: `tel:${phone}` }, "拨打")] }, async () => {});
    });
}

function finish(desk, claim) {
  if (!claim.allowed_actions.includes("done")) return null;
  const left = claim.doors - claim.doors_done;
  if (claim.doors) return left ? null : button("全部办完，交给核实", () => step(desk, claim, "done", "谢谢您！等另一个人核实。", { how: "doors" }), "primary big");
  const photo = h("input", { type: "file", accept: "image/*", capture: "environment", name: "photo" });
  return card("做完了",
    button("输入完成码", () => ask({
      title: "完成码", yes: "完成", words: "做好以后，现场的负责人会告诉您 6 位数字。",
      fields: [field("完成码", h("input", { name: "code", required: true, pattern: "[0-9]{6}", inputmode: "numeric", autocomplete: "off" }))],
    }, ({ code }) => step(desk, claim, "done", "谢谢您！已经核实。", { how: "code", code: code.value })), "primary"),
    field("或者拍一张照片", photo), button("用照片登记完成", async () => {
      const [file] = photo.files;
      if (!file) return ask({ title: "还没有照片", words: "请先拍一张能看出做好了的照片，不要拍到人。", yes: "好" }, async () => {});
      await upload(`/task-claims/${claim.id}/photos`, file);
      await step(desk, claim, "done", "谢谢您！等另一个人核实。", { how: "photo" });
    }));
}

function facts(claim) {
  return card(null, lines(line("时间", `${when(claim.starts_at)} 起，约 ${minutes(Math.round((new Date(claim.ends_at) - new Date(claim.starts_at)) / 60000))}`),
    line("保留到", when(claim.lease_until)), line("开始", when(claim.started_at)), line("完成", when(claim.done_at)), line("没有做成", FAILURES[claim.failure])));
}

function otherwise(desk, claim) {
  const may = (action) => claim.allowed_actions.includes(action);
  const steps = [
    may("release") && button("退回", () => ask({
      title: "退回任务", words: "没有人会怪您。原因是给协调员安排用的，也可以不说。", yes: "退回", fields: [radios("原因", "excuse", { "": "不说", ...EXCUSES }, "")],
    }, (form) => step(desk, claim, "release", "已退回，谢谢您及时告诉我们。", form.excuse.value ? { excuse: form.excuse.value } : {}))),
    may("fail") && button("没有做成", () => ask({
      title: "没有做成", yes: "登记", fields: [radios("为什么", "failure", FAILURES, "not_ready")],
    }, (form) => step(desk, claim, "fail", "已登记，会有人接着办。", { failure: form.failure.value }))),
    LEASES[claim.status] && claim.status !== "assigned" && desk.may("volunteering:team:read") && button("交接给别人", () => pass(desk, claim)),
  ].filter(Boolean);
  return steps.length ? card("做不了？", h("p", { class: "muted" }, "不方便随时可以退回或交接。"), h("div", { class: "choices" }, steps)) : null;
}

async function pass(desk, claim) {
  const members = await all("/volunteers", { place: claim.place_code.slice(0, 12) });
  ask({
    title: "交接给别人", words: "写清楚交出哪些东西，对方点清数目以后才算接手。", yes: "提出交接",
    fields: [
      field("交给谁", h("select", { name: "to", required: true }, members.filter((one) => one.id !== claim.volunteer_id).map((one) => h("option", { value: one.id }, `${one.name}（${one.base_name}）`)))),
      field("交出的东西", h("textarea", { name: "custody", rows: 4 }), "一件一行。没有东西就空着。"),
    ],
  }, (form) => step(desk, claim, "hand-over", "等对方点清后接手。", {
    to_volunteer_id: form.to.value, custody: form.custody.value.split("\n").map((piece) => piece.trim()).filter(Boolean),
  }));
}
