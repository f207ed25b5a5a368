// Requests to leave an order after the cut-off: a hardship for the community to decide, a transfer for the neighbour.

import { all, post } from "./api.js";
import { ask, button, card, chip, field, h, words } from "./dom.js";
import { when } from "./group_words.js";

export const title = "退出申请";
export const forWhom = (desk) => desk.may("groupbuy:order:sponsor");
export const first = () => -3;

const STEPS = {
  grant: ["同意退出", "primary"], refuse: ["不同意", "danger"], accept: ["接手", "primary"], decline: ["不接手", ""], withdraw: ["撤回", ""],
};
const REASONED = new Set(["grant", "refuse"]);

export async function page(desk) {
  const found = await all("/change-requests");
  const open = found.filter((one) => one.status === "open");
  const rest = found.filter((one) => one.status !== "open");
  return [
    h("h1", {}, open.length ? `等办理的退出申请：${open.length} 份` : "没有等办理的退出申请"),
    ...open.map((one) => request(desk, one)),
    rest.length ? card("已办", h("ul", { class: "stack" }, rest.map((one) => h("li", { class: "event" }, h("span", {}, one.kind_label, h("small", { class: "muted block" }, when(one.created_at))), chip(one.status_label))))) : null,
  ].filter(Boolean);
}

export function request(desk, one) {
  return card(one.kind_label, h("p", {}, one.sentence), one.reason && h("p", {}, h("b", {}, "原因："), one.reason),
    h("p", {}, h("a", { href: `#/orders/${one.order_id}` }, "看订单")),
    h("div", { class: "choices" }, one.allowed_actions.filter((action) => STEPS[action]).map((action) => offered(desk, one, action))));
}

function offered(desk, one, action) {
  const [label, kind] = STEPS[action];
  const step = (body) => desk.act(() => post(`/change-requests/${one.id}/${action}`, { revision: one.revision, ...body }), `已办理：${label}。`);
  if (!REASONED.has(action)) return button(label, () => step({}), kind);
  return button(label, async () => ask({ title: label, yes: label, kind, fields: [field("原因", words("reason", { required: true }))] },
    (form) => step({ reason: form.reason.value.trim() })), kind);
}
