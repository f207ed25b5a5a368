// A neighbouring compound orders with a campaign of others: it asks, and the host answers.

import { all, get, post } from "./api.js";
import { ask, button, card, chip, field, h, words } from "./dom.js";

const JOIN = "groupbuy:campaign:join";
const SPEAKS = new Set(["organiser", "community_secretary", "community_worker"]);
const TAKING = new Set(["published", "open"]);
const STEPS = { accept: ["同意", "primary"], refuse: ["不同意", "danger"], withdraw: ["撤回", ""] };

export async function joining(desk, campaign) {
  if (!desk.may(JOIN)) return null;
  const [requests, places] = await Promise.all([all("/join-requests", { campaign: campaign.id }), outside(desk, campaign)]);
  if (!requests.length && !places.length) return null;
  return card("邻近小区一起团",
    requests.length ? h("ul", { class: "stack" }, requests.map((one) => h("li", { class: "stack near" }, request(desk, one)))) : null,
    places.length ? button("替别的小区申请", () => asking(desk, campaign, places)) : null);
}

function request(desk, one) {
  return [
    h("p", { class: "event" }, h("b", {}, `${one.place_name}，约 ${one.households} 户`), chip(one.status_label, one.status === "open" ? "wait" : "plain")),
    h("p", {}, one.reason), one.answer && h("p", {}, h("b", {}, "团长："), one.answer),
    h("div", { class: "choices" }, one.allowed_actions.filter((action) => STEPS[action]).map((action) => offered(desk, one, action))),
  ];
}

function offered(desk, one, action) {
  const [label, kind] = STEPS[action];
  const step = (body) => desk.act(() => post(`/join-requests/${one.id}/${action}`, { revision: one.revision, ...body }), `已办理：${label}。`);
  if (action !== "refuse") return button(label, () => step({}), kind);
  return button(label, () => ask({ title: `不同意${one.place_name}一起团`, yes: label, kind, fields: [field("原因", words("reason", { required: true }), "对方看得到。")] },
    (form) => step({ reason: form.reason.value.trim() })), kind);
}

/** The compounds this person speaks for whose households cannot order yet. */
async function outside(desk, campaign) {
  const held = desk.me.posts.find((one) => SPEAKS.has(one.role));
  if (!held || !TAKING.has(campaign.status)) return [];
  const mine = held.place_code.length === 12 ? (await get(`/places/${held.place_code}/children`)).items : [{ code: held.place_code, name: held.place_name }];
  return mine.filter((place) => !campaign.places.some((served) => place.code.startsWith(served)));
}

function asking(desk, campaign, places) {
  ask({
    title: `申请一起团：${campaign.title}`, yes: "提出申请", words: "团长同意以后，这个小区的住户就可以下单。",
    fields: [
      field("哪个小区", h("select", { name: "place_code" }, places.map((one) => h("option", { value: one.code }, one.name)))),
      field("大约多少户会下单", h("input", { name: "households", type: "number", min: 1, max: 10000, step: 1, inputmode: "numeric", required: true })),
      field("说明", words("reason", { required: true }), "比如自己来人取货。团长看得到。"),
    ],
  }, (form) => desk.act(() => post(`/campaigns/${campaign.id}/join-requests`, {
    place_code: form.place_code.value, households: Number(form.households.value), reason: form.reason.value.trim(),
  }), "已提出申请，等团长答复。"));
}
