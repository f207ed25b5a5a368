// Cases charged to a compound: categories and dates, never who. Recorded by one person, closed by another.

import { all, post } from "./api.js";
import { ask, button, card, choice, chip, field, h, words } from "./dom.js";
import { CATEGORIES, OUTCOMES, day, today } from "./words.js";

const CLOSING = { released: "解除观察", excluded: "排除" };

export async function cases(desk, code) {
  const found = await all("/cases", { place: code });
  const events = found.flatMap((one) => one.events);
  const may = desk.may("cases:case:record");
  return card("病例与密接",
    events.length ? h("ul", { class: "stack" }, events.map((event) => shown(desk, event, may))) : h("p", { class: "muted" }, "没有登记。"),
    may && button("登记一例", () => record(desk, code)));
}

function shown(desk, event, may) {
  const open = !event.outcome;
  const said = open ? "还没有解除" : `${day(event.outcome_on)} ${OUTCOMES[event.outcome]}`;
  return h("li", { class: "event" },
    h("div", {}, h("b", {}, CATEGORIES[event.category]), h("p", { class: "muted" }, `${day(event.effective_on)}起`), chip(said, open ? "wait" : "good")),
    may && open && button("解除或排除", () => close(desk, event)));
}

function record(desk, code) {
  ask({
    title: "登记一例",
    words: "登记后，依据它的公示和认定立即暂停。请先核对通报。",
    yes: "登记",
    kind: "danger",
    fields: [
      field("类别", choice("category", CATEGORIES)),
      field("发生日期", h("input", { type: "date", name: "effective_on", value: today(), max: today(), required: true })),
      field("依据", h("input", { name: "source", required: true, maxlength: 200, placeholder: "如疾控通报编号" })),
      field("姓名（可不填）", h("input", { name: "person", maxlength: 20, autocomplete: "off" }), "加密保存，查看会留痕。"),
    ],
  }, (form) => desk.act(() => post("/cases", {
    place: code, category: form.category.value, effective_on: form.effective_on.value,
    source: form.source.value, person: form.person.value || null,
  }), "已登记，相关的公示和认定已按规则处理。"));
}

function close(desk, event) {
  ask({
    title: `${CATEGORIES[event.category]}：解除或排除`,
    words: "由登记人以外的另一位工作人员核实后办理。",
    yes: "确认",
    fields: [
      field("结果", choice("outcome", CLOSING)),
      field("日期", h("input", { type: "date", name: "outcome_on", value: today(), min: event.effective_on, max: today(), required: true })),
      field("原因", words("reason", { required: true, maxlength: 200, placeholder: "如核酸阴性报告、观察期满通知" })),
    ],
  }, (form) => desk.act(() => post(`/case-events/${event.id}/close`, {
    outcome: form.outcome.value, outcome_on: form.outcome_on.value, reason: form.reason.value,
  }), "已登记结果。"));
}
