// Objections to public notices: read them, admit them, answer them.

import { all, post } from "./api.js";
import { ask, button, card, chip, field, h, words } from "./dom.js";
import { CHANNELS, OBJECTION_ACTIONS, OBJECTION_TONES, moment } from "./words.js";

const READ = "certification:objection:read";

export const title = "异议";
export const forWhom = (desk) => desk.may(READ);
export const first = () => 0;

export async function page(desk) {
  const found = await all("/objections");
  return [
    h("h1", {}, "公示期间的异议"),
    found.length ? h("ul", { class: "stack" }, found.map((one) => h("li", { class: "card" }, ...shown(desk, one, true))))
      : h("p", { class: "muted" }, "还没有人提出异议。"),
  ];
}

/** Those to one application, for its page; nothing when there are none or they are not this person's to see. */
export async function objectionsTo(desk, application) {
  if (!desk.may(READ)) return null;
  const found = await all("/objections", { application_id: application.id });
  return found.length ? card("异议", h("ul", { class: "stack" }, found.map((one) => h("li", { class: "stack near" }, ...shown(desk, one))))) : null;
}

function shown(desk, objection, linked = false) {
  return [
    h("p", { class: "meta" }, chip(objection.status_label, OBJECTION_TONES[objection.status] ?? "plain"), h("span", { class: "muted" }, `${moment(objection.created_at)} ${CHANNELS[objection.channel] ?? ""}`)),
    h("p", {}, objection.text),
    objection.answer && h("p", {}, h("b", {}, "答复："), objection.answer),
    linked && h("p", {}, h("a", { class: "aside", href: `#/applications/${objection.application_id}` }, `${objection.unit.name}：看这份申报`)),
    h("div", { class: "choices" }, objection.allowed_actions.map((action) =>
      button(OBJECTION_ACTIONS[action] ?? action, () => answer(desk, objection, action), action === "uphold" ? "danger" : ""))),
  ].filter(Boolean);
}

function answer(desk, objection, action) {
  const label = OBJECTION_ACTIONS[action] ?? action;
  const falsified = h("label", { class: "tick" }, h("input", { type: "checkbox", name: "falsified" }), h("span", {}, "申报材料弄虚作假，立案问责"));
  ask({
    title: label,
    yes: label,
    fields: [field("答复（异议人凭编号可以看到）", words("reason")), action === "uphold" ? falsified : ""],
  }, (form) => desk.act(() => post(`/objections/${objection.id}/answer`, {
    action, revision: objection.revision, reason: form.reason.value.trim() || null, falsified: form.falsified?.checked ?? false,
  }), `已办理：${label}。`));
}
