// The coverage board: every building × eight roles, what is empty and who could take it; what the next month empties.

import { all, get, post } from "./api.js";
import { ask, card, chip, h, line, lines } from "./dom.js";
import { ROLES } from "./task_words.js";
import { day } from "./words.js";

const SIGNS = { held: ["✓", "good"], vacant: ["缺", "bad"], overloaded: ["重", "wait"] };

const APPOINT = "people:role:appoint";
const SEES_LATE = ["volunteering:team:edit", APPOINT];

export async function page(desk, team) {
  const code = team.place_code;
  const [board, ahead, vacancies] = await Promise.all([
    get(`/communities/${code}/coverage`), get(`/communities/${code}/coverage/forecast`), SEES_LATE.some(desk.may) ? all("/vacancies") : [],
  ]);
  const worst = board.compounds.toSorted((a, b) => empty(b) - empty(a))[0];
  return [
    h("h1", {}, "一长七员，每栋都有人吗？"),
    h("dl", { class: "facts" }, [["有人", board.held], ["空缺", board.vacant], ["负担过重", board.overloaded]].map(([label, count]) =>
      h("div", {}, h("dt", {}, label), h("dd", {}, h("b", {}, count), "个岗位")))),
    h("p", { class: "muted" }, "✓ 有人，缺 空缺，重 一人管得太多。点任何一格看是谁、谁可以补。"),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, board.compounds.map((compound) => table(desk, compound, compound === worst))),
      h("div", { class: "stack" }, late(vacancies), outlook(ahead), tired(board.grid_workers))),
  ];
}

const empty = (compound) => compound.buildings.flatMap((building) => building.cells).filter((cell) => cell.state === "vacant").length;

function table(desk, compound, open) {
  const gaps = empty(compound);
  return h("details", { class: "card board", open }, h("summary", {}, compound.name, h("span", { class: "chips" },
    chip(`到岗 ${compound.roles_held} / ${compound.roles_needed}`, compound.roles_held < compound.roles_needed ? "wait" : "good"), gaps ? chip(`${gaps} 格空缺`, "bad") : null)),
  h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "楼栋"), Object.values(ROLES).map((label) => h("th", { scope: "col" }, label)))),
    h("tbody", {}, compound.buildings.map((building) => h("tr", {}, h("th", { scope: "row" }, building.name), building.cells.map((cell) => h("td", {}, mark(desk, compound, building, cell))))))));
}

function mark(desk, compound, building, cell) {
  const [sign, tone] = SIGNS[cell.state];
  return h("button", { type: "button", class: "cell", "data-tone": tone, "aria-label": `${building.name}${cell.label}：${cell.state_label}`, onclick: () => open(desk, compound, building, cell) }, sign);
}

function open(desk, compound, building, cell) {
  const could = cell.suggestion;
  const appoint = could && cell.state === "vacant" && desk.may(APPOINT);
  ask({
    title: `${compound.name}${building.name}：${cell.label}`, yes: appoint ? `任命${could.name}` : "好",
    fields: [lines(line("现在", cell.state_label), line("由谁", cell.holders.map((one) => `${one.name}${one.place_code.length < 20 ? "（兼管全小区或社区）" : ""}`).join("、")),
      line("空缺", cell.since && `从 ${day(cell.since.slice(0, 10))} 起${cell.told ? "，已报社区书记" : ""}`),
      line("建议", could && `${could.name}：${could.reason}`), line("", cell.state === "vacant" && !could ? "暂时没有合适的人，请动员居民报名。" : null))],
  }, async () => {
    if (appoint) await desk.act(() => post(`/volunteers/${could.volunteer_id}/appointments`, { role: cell.role, place_code: could.place_code }), `已任命${could.name}。`);
  });
}

function late(vacancies) {
  if (!vacancies.length) return null;
  const by = Map.groupBy(vacancies, (one) => `${one.place_name.replace(/\d+栋$/, "")}${one.role_label}`);
  return card(`超时空缺：${vacancies.length} 格`, h("ul", { class: "stack" }, [...by].slice(0, 8).map(([where, ones]) => h("li", { class: "event" },
    h("span", {}, h("b", {}, where), h("small", { class: "muted block" }, ones[0].status_label)), chip(`${ones.length} 栋`, "bad")))));
}

function outlook({ gaps }) {
  if (!gaps.length) return card("三十天内", h("p", { class: "muted" }, "没有已知的新空缺。"));
  const by = Map.groupBy(gaps, (gap) => `${gap.day} ${gap.last.map((one) => one.name).join("、")}`);
  return card("三十天内会空出来", h("ul", { class: "stack" }, [...by.values()].slice(0, 8).map(([gap, ...more]) => h("li", { class: "event" },
    h("span", {}, h("b", {}, `${gap.place_name}${gap.label}`), h("small", { class: "muted block" }, `${gap.last.map((one) => one.name).join("、")}撤回${more.length ? `，还有 ${more.length} 格` : ""}`)), chip(day(gap.day), "wait")))));
}

function tired(workers) {
  return workers.length ? card("网格员该休息了吗？", h("ul", { class: "stack" }, workers.map((one) => h("li", { class: "event" },
    h("span", {}, h("b", {}, one.name), h("small", { class: "muted block" }, `已连续工作 ${one.days_in_a_row} 天，攒下 ${one.leave_earned} 天调休`)),
    one.on_leave_today ? chip("今天调休", "good") : one.leave_due ? chip(`还欠 ${one.leave_due} 天`, "wait") : null)))) : null;
}
