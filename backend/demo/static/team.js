// For whoever coordinates the volunteers: today's tasks and who holds them. The evening plan, the coverage board and the
// line have modules of their own.

import { all, get, post } from "./api.js";
import { ask, button, card, chip, field, h, line, lines, message, words } from "./dom.js";
import * as board from "./coverage.js";
import * as evening from "./evening.js";
import * as assembly from "./assembly.js";
import { evening as at, instant, when } from "./group_words.js";
import { FAILURES, RUNGS, effort, minutes, tone } from "./task_words.js";

export const title = "工作队";
export const forWhom = (desk) => desk.may("volunteering:task:assign");
export const first = (desk) => (desk.may("volunteering:task:claim") ? 6 : -1);

const PLACES = { plan: evening, board, line: assembly };
const TABS = { "": "今天的任务", plan: "今晚的安排", board: "岗位覆盖", line: "流水线" };

export async function page(desk, view, id) {
  const community = desk.me.posts[0].place_code.slice(0, 12);
  const [team] = await all("/teams", { place: community });
  if (!team) return [h("h1", {}, "还没有群众工作队"), h("p", {}, "请社区书记先成立工作队、登记志愿者。")];
  const shown = view === "task" ? await detail(desk, community, id) : await (PLACES[view]?.page ?? list)(desk, team, id);
  return [h("nav", { class: "sub", "aria-label": "工作队" }, Object.entries(TABS).map(([name, label]) =>
    h("a", { href: `#/team/${name}`, "aria-current": name === (view ?? "") ? "page" : null }, label))), ...shown];
}

// --- Today's tasks ------------------------------------------------------------------------------------------------

async function list(desk, team) {
  const [open, held, patterns] = await Promise.all([
    all("/tasks", { place: team.place_code, status: "open" }), all("/tasks", { place: team.place_code, status: "held" }), all("/task-patterns", { place: team.place_code }),
  ]);
  const now = Date.now();
  const soon = open.filter((task) => new Date(task.starts_at) < now + 36 * 3_600_000);
  const by = Map.groupBy(soon, (task) => (task.taken < task.capacity ? "free" : "taken"));
  const free = (by.get("free") ?? []).toSorted((a, b) => b.urgency - a.urgency || a.starts_at.localeCompare(b.starts_at));
  const carries = free.filter((task) => task.kind === "carry");
  const others = free.filter((task) => task.kind !== "carry");
  return [
    h("div", { class: "event" }, h("h1", {}, free.length ? `还缺人的任务：${free.length} 项` : "每项任务都有人"), button("发布任务", () => make(desk, team), "primary")),
    h("div", { class: "columns" },
      h("div", { class: "stack" },
        carries.length ? card(`送货上门：${carries.length} 个单元没有人`, h("p", { class: "muted" }, "一个个指派太慢，让系统排一晚上的计划。"), h("a", { class: "button primary", href: "#/team/plan" }, "帮我排今晚")) : null,
        others.length ? rows(others) : null,
        carries.length ? h("details", {}, h("summary", {}, "逐个单元看"), rows(carries)) : null),
      h("div", { class: "stack" },
        held.length ? card(`等您处理：${held.length} 项`, rows(held)) : null,
        by.has("taken") ? h("section", { class: "stack near" }, h("h2", {}, `有人在办或等核实：${by.get("taken").length} 项`), rows(by.get("taken"))) : null,
        recurring(patterns))),
  ];
}

const rows = (tasks) => h("ul", { class: "rows" }, tasks.map((task) => h("li", {}, h("a", { class: "row", href: `#/team/task/${task.id}` },
  h("span", {}, h("b", {}, task.title), h("small", { class: "muted block" }, `${task.place_name}，${when(task.starts_at)}，${effort(task)}`)),
  h("span", { class: "chips" }, task.urgency >= 5 && chip("急", "wait"), chip(`${task.taken} / ${task.capacity} 人`, task.taken < task.capacity ? "wait" : "good"))))));

const DAYS = ["", "一", "二", "三", "四", "五", "六", "日"];

function recurring(patterns) {
  if (!patterns.length) return null;
  return card("定期任务", h("ul", { class: "stack" }, patterns.map((one) => h("li", { class: "event" }, h("span", {}, h("b", {}, one.title),
    h("small", { class: "muted block" }, `${one.weekdays.length === 7 ? "每天" : `周${one.weekdays.map((n) => DAYS[n]).join("、")}`} ${one.at.slice(0, 5)}，${minutes(one.minutes)}，${one.capacity} 人`))))));
}

const BY_HAND = { care_visit: "上门关怀", care_call: "电话关怀", gate_shift: "门岗值守", disinfection: "消杀", carry: "送货上门", sort: "分拣", patient_escort: "陪同就医", other: "其他" };

function make(desk, team) {
  ask({
    title: "发布任务", yes: "发布",
    fields: [
      field("做什么", h("input", { name: "title", required: true, maxlength: 60 })),
      field("类型", h("select", { name: "kind" }, Object.entries(BY_HAND).map(([value, label]) => h("option", { value }, label)))),
      field("在哪里", h("input", { name: "place_code", required: true, value: `${team.place_code}-001-001` }), "地点编码：小区、楼栋或单元。"),
      h("div", { class: "pair" }, field("从", h("input", { name: "starts_at", type: "datetime-local", required: true, value: at(0) })),
        field("到", h("input", { name: "ends_at", type: "datetime-local", required: true, value: at(0).replace("20:00", "22:00") }))),
      h("div", { class: "pair" }, field("约几分钟", h("input", { name: "minutes", type: "number", min: 1, max: 1440, value: 30, required: true })),
        field("几个人", h("input", { name: "capacity", type: "number", min: 1, max: 100, value: 1, required: true }))),
    ],
  }, (form) => desk.act(() => post("/tasks", {
    title: form.title.value.trim(), kind: form.kind.value, place_code: form.place_code.value.trim(), starts_at: instant(form.starts_at.value),
    ends_at: instant(form.ends_at.value), minutes: Number(form.minutes.value), capacity: Number(form.capacity.value),
  }), "任务已发布。"));
}

// --- One task -----------------------------------------------------------------------------------------------------

async function detail(desk, community, id) {
  const task = await get(`/tasks/${id}`);
  const claims = await Promise.all(task.holders.map((held) => get(`/task-claims/${held.claim_id}`)));
  return [
    h("div", { class: "stack near" }, h("h1", {}, task.title),
      h("p", { class: "meta" }, chip(task.status_label, tone(task.status)), h("span", { class: "muted" }, `${task.place_name}，${when(task.starts_at)} 到 ${when(task.ends_at)}`))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, holders(desk, task, claims), assigning(desk, task, community), conflicts(task)),
      h("div", { class: "stack" }, facts(task), asked(task), steps(desk, task))),
  ];
}

const CLAIM_STEPS = { verify: ["核实", "primary"], reject: ["没有做好", "danger"], no_show: ["没有到场", "danger"] };

function holders(desk, task, claims) {
  if (!claims.length) return card("还没有人领", h("p", { class: "muted" }, "志愿者自己可以领，也可以在下面指派。"));
  return card(`谁在办：${task.taken} / ${task.capacity} 人`, h("ul", { class: "stack" }, task.holders.map((held, n) => h("li", { class: "stack near" },
    h("div", { class: "event" }, h("b", {}, held.name), chip(held.status_label, tone(held.status))),
    h("small", { class: "muted" }, [held.started_at && `${when(held.started_at)} 开始`, held.done_at && `${when(held.done_at)} 完成`,
      held.lease_until && `保留到 ${when(held.lease_until)}`, FAILURES[held.failure]].filter(Boolean).join("，")),
    h("div", { class: "choices" }, claims[n].allowed_actions.filter((action) => CLAIM_STEPS[action]).map((action) => claimStep(desk, claims[n], held, action)))))));
}

function claimStep(desk, claim, held, action) {
  const [label, kind] = CLAIM_STEPS[action];
  const go = (body = {}) => desk.act(() => post(`/task-claims/${claim.id}/${action.replace("_", "-")}`, { revision: claim.revision, ...body }), `${held.name}：${label}。`);
  if (action === "verify") return button(label, () => go(), kind);
  if (action === "no_show") return button(label, () => ask({ title: `${held.name}没有到场？`, words: "请先打过电话。登记后会依次询问别人。", yes: label, kind }, () => go()), kind);
  return button(label, () => ask({ title: label, yes: label, kind, fields: [field("哪里没有做好", words("reason", { required: true }))] },
    (form) => go({ reason: form.reason.value.trim() })), kind);
}

function assigning(desk, task, community) {
  if (task.status !== "open" || task.taken >= task.capacity) return null;
  return button("指派给一位志愿者", async () => {
    const members = await all("/volunteers", { place: community });
    const near = members.toSorted((a, b) => fits(b, task) - fits(a, task) || common(b, task) - common(a, task) || a.name.localeCompare(b.name, "zh"));
    ask({
      title: `指派：${task.title}`, words: "对方可以接受，也可以不接受。岗位合适、离得近的排在前面。", yes: "指派",
      fields: [field("给谁", h("select", { name: "who", required: true }, near.map((one) => h("option", { value: one.id },
        `${one.name}，${one.base_name}${one.fit_today === false ? "（今天不适）" : ""}`))))],
    }, ({ who }) => desk.act(() => post(`/tasks/${task.id}/assign`, { volunteer_id: who.value }), "已指派，等对方答复。"));
  }, "primary");
}

const fits = (member, task) => member.posts.some((held) => held.role === task.role && task.place_code.startsWith(held.place_code));

/** How much of their way they share: the longest common beginning of two place codes. */
const common = (member, task) => [...task.place_code].findIndex((letter, n) => member.base_code[n] !== letter) >>> 0;

function conflicts(task) {
  if (!task.conflicts.length) return null;
  return message("wait", `有 ${task.conflicts.length} 条补记和别人的登记不一致，已保留，请核对。`,
    h("ul", {}, task.conflicts.map((one) => h("li", {}, `${when(one.at)}：${one.position ? `第 ${one.position} 户` : "整项任务"}`))));
}

const facts = (task) => card(null, lines(line("类型", task.kind_label), line("需要", effort(task)),
  line("上门", task.doors ? `${task.doors_done} / ${task.doors} 户` : null),
  line("完成码", task.code && h("b", { class: "number spaced" }, task.code), task.code && h("small", { class: "muted block" }, "做好了再告诉志愿者。"))));

function asked(task) {
  if (!task.asked.length) return null;
  return card("正在依次询问", h("ul", { class: "stack" }, task.asked.slice(0, 6).map((one) => h("li", { class: "event" }, h("span", {}, one.name), chip(RUNGS[one.rung], one.now ? "good" : "plain")))));
}

const TASK_STEPS = { hold: "先暂停", reopen: "重新开放", close: "办结", cancel: "取消任务" };

function steps(desk, task) {
  const offered = Object.entries(TASK_STEPS).filter(([action]) => task.allowed_actions.includes(action));
  if (!offered.length) return null;
  return card("办理", h("div", { class: "choices" }, offered.map(([action, label]) => {
    const go = (body = {}) => desk.act(() => post(`/tasks/${task.id}/${action}`, { revision: task.revision, ...body }), `${label}：已办理。`);
    if (action === "close") return button(label, () => go());
    return button(label, () => ask({ title: label, yes: label, fields: [field("原因", words("reason", { required: true }))] }, (form) => go({ reason: form.reason.value.trim() })), action === "cancel" ? "danger" : "");
  })));
}
