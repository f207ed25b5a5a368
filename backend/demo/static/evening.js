// The evening plan: who carries which stairwells, beside what first come would bring and what nobody could better.

import { all, get, post } from "./api.js";
import { ask, button, card, chip, field, h, message } from "./dom.js";
import { stairwell, when } from "./group_words.js";
import { minutes } from "./task_words.js";
import { day, later, today } from "./words.js";

const TONES = { computing: "wait", draft: "notice", applied: "good", dropped: "plain" };
const POLL_MS = 1_000;

export async function page(desk, team, id) {
  const plans = (await all(`/teams/${team.id}/evening-plans`)).toSorted((a, b) => b.id.localeCompare(a.id));
  const live = plans.find((plan) => (id ? plan.id === id : plan.status !== "dropped"));
  const chosen = live ? await get(`/evening-plans/${live.id}`) : null;
  return [h("h1", {}, "今晚谁送哪几个单元"), ...(chosen ? shown(desk, chosen) : []), await asking(desk, team, chosen), earlier(plans, chosen)].filter(Boolean);
}

async function asking(desk, team, chosen) {
  if (chosen && ["computing", "draft"].includes(chosen.status)) return null;
  const open = (await all("/tasks", { place: team.place_code, status: "open" })).filter((task) => task.kind === "carry" && task.taken < task.capacity);
  const days = [0, 1, 2].map((n) => later(today(), n)).map((on) => [on, open.filter((task) => on === shanghai(task.starts_at)).length]);
  return card("排一个计划", h("p", { class: "muted" }, "按楼层、重量、岗位、休息和这一周的公平来排，几秒钟。排好以后您可以改，采用了才指派。"),
    h("div", { class: "choices" }, days.filter(([, count]) => count).map(([on, count]) => button(`${on === today() ? "今天" : day(on)}：${count} 个单元`, async () => {
      const plan = await post(`/teams/${team.id}/evening-plans`, { day: on });
      if (location.hash === `#/team/plan/${plan.id}`) return desk.refresh();
      desk.go(`#/team/plan/${plan.id}`);
    }, "primary"))), days.every(([, count]) => !count) ? h("p", {}, "这几天没有待领的送货任务。") : null);
}

const shanghai = (iso) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai" }).format(new Date(iso));

function shown(desk, plan) {
  if (plan.status === "computing") {
    setTimeout(() => location.hash.startsWith("#/team/plan") && desk.refresh(), POLL_MS);
    return [card("正在排……", h("p", { class: "muted" }, "几秒钟就好。"))];
  }
  const may = (action) => plan.allowed_actions.includes(action);
  const step = (action, done) => desk.act(() => post(`/evening-plans/${plan.id}/${action}`, { revision: plan.revision }), done);
  const refused = plan.volunteers.flatMap((one) => one.carries).filter((carry) => carry.refused);
  return [
    card(null, h("p", { class: "meta" }, chip(plan.status_label, TONES[plan.status]), h("span", { class: "muted" }, `${when(plan.starts_at)} 开始`)),
      h("p", {}, h("b", {}, plan.sentence)), beside(plan),
      may("apply") || may("drop") ? h("div", { class: "choices" }, may("apply") && button("采用并指派", () => step("apply", "已指派，每人都会收到，可以接受或不接受。"), "primary"),
        may("drop") && button("不用了", () => step("drop", "计划已作废。"))) : null),
    refused.length ? message("wait", `有 ${refused.length} 个单元没能指派：`, h("ul", {}, refused.map((carry) => h("li", {}, `${name(carry)}：${carry.refused}`)))) : null,
    plan.left.length ? card(`没有人送：${plan.left.length} 个单元`, h("ul", { class: "stack" }, plan.left.map((carry) => h("li", { class: "event" },
      h("span", {}, h("b", {}, name(carry)), h("small", { class: "muted block" }, carry.reason)), may("move") && button("找人", () => move(desk, plan, carry)))))) : null,
    h("ul", { class: "offers" }, plan.volunteers.map((one) => h("li", { class: "card" },
      h("div", { class: "event" }, h("h2", {}, one.name), h("span", { class: "muted" }, `${minutes(one.minutes)}，${when(one.ends_at)} 完`)),
      h("p", { class: "muted" }, one.sentence),
      h("ul", { class: "legs" }, one.carries.map((carry) => h("li", {}, h("span", {}, h("b", {}, name(carry)),
        h("small", { class: "muted block" }, `${carry.packs} 份，${carry.floor ?? 1} 楼以下，${when(carry.starts_at).slice(-5)}–${when(carry.ends_at).slice(-5)}`)),
      may("move") && button("改", () => move(desk, plan, carry))))))) ),
  ];
}

const name = (carry) => stairwell(carry.place_code);

/** Three bars on one scale: this plan, first come, and the time before which nobody can be done. */
function beside(plan) {
  const most = Math.max(plan.finish_minutes, plan.first_come_minutes, plan.bound_minutes, 1);
  const bars = [["这个计划", plan.finish_minutes, plan.left_packs, "good"], ["先到先领", plan.first_come_minutes, plan.first_come_left, "wait"], ["不可能更早", plan.bound_minutes, 0, "plain"]];
  return h("dl", { class: "bars" }, bars.map(([label, value, left, tone]) => h("div", { "data-tone": tone },
    h("dt", {}, label), h("dd", {}, bar(value / most), h("b", {}, minutes(value)), left ? h("small", {}, `剩 ${left} 份`) : null))));
}

function bar(share) {
  const drawn = h("i");
  drawn.style.inlineSize = `${100 * share}%`;
  return drawn;
}

async function move(desk, plan, carry) {
  const members = await all("/volunteers", { place: plan.place_code });
  const now = plan.volunteers.find((one) => one.carries.includes(carry))?.volunteer_id;
  let change = "";
  ask({
    title: `${name(carry)}改由谁送`, words: "不能去的人会说明为什么。", yes: "改派",
    fields: [field("给谁", h("select", { name: "who" }, h("option", { value: "" }, "先不安排"), members.filter((one) => one.id !== now).map((one) => h("option", { value: one.id }, `${one.name}，${one.base_name}`))))],
  }, async ({ who }) => {
    await desk.act(async () => {
      change = (await post(`/evening-plans/${plan.id}/moves`, { revision: plan.revision, task_id: carry.task_id, volunteer_id: who.value || null })).change;
    }, "已改派。");
    if (change) document.getElementById("flash").append(message("notice", change));
  });
}

function earlier(plans, chosen) {
  const rest = plans.filter((plan) => plan.id !== chosen?.id && plan.status !== "dropped");
  if (!rest.length) return null;
  return card("以前的计划", h("ul", { class: "rows" }, rest.slice(0, 8).map((plan) => h("li", {}, h("a", { class: "row", href: `#/team/plan/${plan.id}` },
    h("span", {}, h("b", {}, day(plan.day)), h("small", { class: "muted block" }, plan.sentence)), chip(plan.status_label, TONES[plan.status]))))));
}
