// What those in charge of a group buy do with it: draft, approve, publish, extend, order, record what came, settle.
// Which of these are offered is the server's to say.

import { get, post } from "./api.js";
import { ask, button, card, field, h, once, words } from "./dom.js";
import { book } from "./books.js";
import { radios } from "./basket.js";
import { CAMPAIGN_ACTIONS, POLICIES, evening, fen, instant, when, yuan } from "./group_words.js";

const KINDS = { approve: "primary", publish: "primary", order: "primary", dispatch: "primary", arrive: "primary", settle: "primary", cancel: "danger" };
const RANK = ["primary", undefined, "danger"];

export async function charge(desk, campaign) {
  const actions = (campaign.allowed_actions ?? []).filter((action) => CAMPAIGN_ACTIONS[action]);
  const calling = desk.may("groupbuy:handout:work") && campaign.status === "handing_out";
  const organises = desk.me.id === campaign.organiser_id || desk.me.id === campaign.deputy_id;
  const steps = [
    calling && h("a", { class: "button primary", href: `#/handout/${campaign.id}` }, "叫号和送货"),
    ...actions.toSorted((a, b) => RANK.indexOf(KINDS[a]) - RANK.indexOf(KINDS[b])).map((action) => offered(desk, campaign, action)),
    organises && SKIPS[campaign.status] && button(SKIPS[campaign.status], () => desk.act(
      () => post(`/demo/campaigns/${campaign.id}/skip-ahead`), "演示：时间快进了。")),
  ].filter(Boolean);
  if (!steps.length && !campaign.allowed_actions) return null;
  return card("我要办的", campaign.allowed_actions && standing(campaign), h("div", { class: "choices" }, steps),
    PAYING.has(campaign.status) && await book(desk, campaign, organises));
}

const PAYING = new Set(["ordered", "in_transit", "arrived", "handing_out", "settled", "closed"]);
/** The demo need not wait for the evening. */
const SKIPS = { open: "演示：快进到截单", handing_out: "演示：快进过 24 小时" };

const SAY = {
  draft: (one) => (one.approved ? "社区已批准补贴，可以公布了。" : one.items.some((item) => item.subsidy_fen) ? "有补贴的团购，先由社区批准，再公布。" : "核对好就公布。公布以后价格只能降，截单只能延。"),
  open: (one) => `已订 ${one.items.map((item) => `${item.name} ${item.total - item.left} ${item.share_label}`).join("，")}。${when(one.cut_off_at)} 截单。`,
  cut_off: (one) => (one.locked_at ? "订单已锁定，可以向供货商下单。" : "还有邻居在付款时限内。"),
  ordered: () => "等供货商发货。",
  in_transit: () => "货在路上，到了登记数量，系统马上按约定分配。",
  arrived: () => "货已分好，可以开始发放。",
  handing_out: () => "正在发放。全部领完、账目归零后结算。",
  settled: () => "已经结算，每个账户归零。",
};
const standing = (campaign) => SAY[campaign.status] && h("p", {}, SAY[campaign.status](campaign));

function offered(desk, campaign, action) {
  const label = AGAIN[`${campaign.status} ${action}`] ?? CAMPAIGN_ACTIONS[action];
  const step = (body) => desk.act(
    () => post(`/campaigns/${campaign.id}/${action.replaceAll("_", "-")}`, { revision: campaign.revision, ...body }), `已办理：${label}。`);
  const form = FORMS[action]?.(campaign);
  const work = form ? async () => ask({ title: label, yes: label, kind: KINDS[action], ...form.asks }, (controls) => step(form.body(controls))) : () => step({});
  return button(label, work, KINDS[action]);
}

const AGAIN = { "handing_out hand_out": "给后到的货发号", "arrived arrive": "又到一批", "handing_out arrive": "又到一批" };

const number = (name, more = {}) => h("input", { name, type: "number", min: 0, step: 1, inputmode: "numeric", required: true, ...more });
const money = (name, value = "0") => h("input", { name, type: "number", min: 0, step: "0.01", inputmode: "decimal", value, required: true });
const moment = (name, value) => h("input", { name, type: "datetime-local", value, required: true });

/** What a step asks for; a step that is not named here needs nothing but the click. */
const FORMS = {
  extend: () => ({
    asks: { fields: [field("新的截单时间", moment("cut_off_at", evening(4)), "只能往后延，最长 14 天。")] },
    body: ({ cut_off_at }) => ({ cut_off_at: instant(cut_off_at.value) }),
  }),
  lower_price: ({ items }) => ({
    asks: { words: "以前下单的邻居也按新价，多付的原路退回。", fields: [
      field("商品", h("select", { name: "item_id" }, items.map((item) => h("option", { value: item.id }, item.name)))),
      ...parts(items[0])] },
    body: (form) => ({ item_id: form.item_id.value, cost_fen: fen(form.cost_fen), freight_fen: fen(form.freight_fen), organiser_fen: fen(form.organiser_fen) }),
  }),
  arrive: ({ items }) => ({
    asks: { words: "登记后立即按公布的规则分配，缺的钱同时退回。", fields: [
      ...items.map((item) => field(`${item.name}到了多少${item.share_label}`, number(`n.${item.id}`, { value: item.total - item.left - item.arrived }))),
      field("供货商批号", h("input", { name: "lot", required: true, maxlength: 40, value: `L${evening(0).slice(0, 10)}` }), "万一要召回，凭批号找到每一户。"),
      h("label", { class: "tick" }, h("input", { type: "checkbox", name: "last", checked: true }), h("span", {}, "全部到了，不会再来货"))] },
    body: (form) => ({
      last: form.last.checked,
      counts: items.map((item) => ({ item_id: item.id, quantity: Number(form[`n.${item.id}`].value), lot: form.lot.value })).filter((count) => count.quantity),
    }),
  }),
  approve: ({ items }) => ({
    asks: { words: items.filter((item) => item.subsidy_fen).map((item) =>
      `${item.name}每${item.share_label}补贴 ${yuan(item.subsidy_fen)}，共 ${item.total} ${item.share_label}，最多 ${yuan(item.subsidy_fen * item.total)}。`).join(""),
    fields: [field("说明（可不填）", words("reason"))] },
    body: reasoned,
  }),
  cancel: () => ({ asks: { words: "所有人付的钱都会原路退回。", fields: [field("原因", words("reason", { required: true }))] }, body: reasoned }),
};

const reasoned = ({ reason }) => ({ reason: reason.value.trim() || null });

const parts = (item) => [
  field("进货价（元）", money("cost_fen", (item?.cost_fen ?? 0) / 100)), field("运费（元）", money("freight_fen", (item?.freight_fen ?? 0) / 100)),
  field("团长所得（元）", money("organiser_fen", (item?.organiser_fen ?? 0) / 100), "所有人都看得到。"),
];

// ---- A new one ----

export async function drafting(desk) {
  const place = desk.me.posts.find((held) => held.role === "organiser") ?? desk.me.posts[0];
  const below = place.place_code.length === 12 ? (await get(`/places/${place.place_code}/children`)).items : [];
  const submit = h("button", { class: "primary big" }, "存为草稿");
  const form = h("form", { class: "stack" },
    field("团什么", h("input", { name: "title", required: true, maxlength: 60, placeholder: "如：蔬菜包" })),
    field("给哪里的住户", h("select", { name: "place_code" }, [{ code: place.place_code, name: place.place_name }, ...below].map((one) => h("option", { value: one.code }, one.name)))),
    field("供货商", h("input", { name: "supplier", required: true, maxlength: 60 })),
    h("div", { class: "pair" }, field("商品", h("input", { name: "name", required: true, maxlength: 40 })),
      field("一份叫什么", h("input", { name: "share_label", required: true, maxlength: 6, value: "份" }), "份、斤、箱")),
    h("div", { class: "pair" }, ...parts()), field("每份补贴（元）", money("subsidy_fen"), "有补贴的要社区批准。"),
    h("div", { class: "pair" }, field("一共多少份", number("total", { value: 100, min: 1 })), field("每户最多", number("cap", { value: 2, min: 1 }))),
    radios("货不够时怎样分（公布后不能改）", "policy", POLICIES, "one_each_first"),
    field("截单时间", moment("cut_off_at", evening(2))),
    field("在哪里领取", h("input", { name: "pickup_place", required: true, maxlength: 60, value: "西门岗亭" })),
    h("label", { class: "tick" }, h("input", { type: "checkbox", name: "allows_door", checked: true }), h("span", {}, "可以送到门口")),
    h("label", { class: "tick" }, h("input", { type: "checkbox", name: "allows_on_delivery", checked: true }), h("span", {}, "可以货到付款")), submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(submit, async () => desk.go(`#/campaigns/${(await post("/campaigns", drafted(form.elements))).id}`));
  });
  return [h("h1", {}, "开一个新团购"), card(null, form)];
}

function drafted(form) {
  const text = (...names) => Object.fromEntries(names.map((name) => [name, form[name].value.trim()]));
  const ticks = (...names) => Object.fromEntries(names.map((name) => [name, form[name].checked]));
  const prices = Object.fromEntries(["cost_fen", "freight_fen", "organiser_fen", "subsidy_fen"].map((name) => [name, fen(form[name])]));
  return {
    ...text("title", "place_code", "supplier", "policy", "pickup_place"), ...ticks("allows_door", "allows_on_delivery"),
    opens_at: instant(evening(-1)), cut_off_at: instant(form.cut_off_at.value),
    items: [{ ...text("name", "share_label"), ...prices, total: Number(form.total.value), cap: Number(form.cap.value) }],
  };
}
