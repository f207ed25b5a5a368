// The day's record of a compound: one tap when it was like the last one, a small form when it was not.

import { get, post } from "./api.js";
import { button, card, field, h, once } from "./dom.js";
import { MEASURES, day, later } from "./words.js";

const DAYS = 14;

export async function daily(desk, code, today) {
  const { items } = await get("/daily-records", { place: code, days: DAYS });
  const sheets = new Map(items.map((sheet) => [sheet.day, sheet]));
  const days = Array.from({ length: DAYS }, (_, n) => later(today, n - DAYS + 1));
  const may = desk.may("fieldwork:daily_record:write");
  const sheet = may ? entry(desk, code, today, sheets) : null;
  const cells = days.map((on) => cell(on, sheets.has(on), today));
  const choose = (on) => {
    cells.forEach((made, n) => made.setAttribute("aria-pressed", days[n] === on));
    sheet.choose(on);
  };
  cells.forEach((made, n) => { if (may) made.addEventListener("click", () => choose(days[n])); else made.disabled = true; });
  if (may) choose(today);
  return card("防控日报", may && h("p", { class: "muted" }, "点日期选哪一天，✓ 是已经填了的。"),
    h("ol", { class: "strip", "aria-label": `最近 ${DAYS} 天` }, cells.map((made) => h("li", {}, made))), sheet?.element);
}

function cell(on, have, today) {
  const [tone, state] = have ? ["good", "✓"] : on === today ? ["notice", "今天"] : ["wait", "缺"];
  return h("button", { type: "button", "data-tone": tone, "aria-label": `${day(on)}，${have ? "已填" : "没有填"}` },
    h("small", {}, Number(on.slice(8))), h("b", {}, state));
}

/** One tap, or the form filled with what the chosen day already has. */
function entry(desk, code, today, sheets) {
  let on = today;
  const counts = Object.fromEntries(Object.keys(MEASURES).map((name) =>
    [name, h("input", { type: "number", name, min: 0, step: 1, inputmode: "numeric" })]));
  const filled = () => Object.fromEntries(Object.entries(counts)
    .filter(([, control]) => control.value !== "").map(([name, control]) => [name, Number(control.value)]));
  const same = button("", () => desk.act(
    () => post("/daily-records/same-as-before", { place_code: code, day: on }), `${day(on)}的日报已记下，与上次相同。`), "primary");
  const save = h("button", {}, "保存这一天");
  const form = h("form", { class: "counts" }, ...Object.entries(counts).map(([name, control]) => field(MEASURES[name], control)), save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(save, () => desk.act(
      () => post("/daily-records", { entries: [{ place_code: code, day: on, ...filled() }] }), `${day(on)}的日报已保存。`));
  });
  const choose = (chosen) => {
    on = chosen;
    const sheet = sheets.get(on) ?? {};
    for (const [name, control] of Object.entries(counts)) control.value = sheet[name] ?? "";
    const name = on === today ? "今天" : day(on);
    same.textContent = `${name}与上次相同`;
    save.textContent = `保存${name}`;
  };
  const element = h("div", { class: "stack" }, same, h("details", {}, h("summary", {}, "和上次不一样，填写或更正"), form));
  return { element, choose };
}
