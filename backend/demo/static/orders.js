// One's orders; and one order: what to do now, what was paid, why it got what it got, when it is called.

import { all, get, missing, post } from "./api.js";
import { ask, button, card, chip, field, h, line, lines, message, words } from "./dom.js";
import { radios } from "./basket.js";
import { request } from "./requests.js";
import { CHANGES, CLAIMS, DELIVERIES, TERMS, stairwell, tone, when, yuan } from "./group_words.js";

export const title = "订单";
export const forWhom = (desk) => desk.me.homes.length > 0;
export const first = () => 0;

export const page = (desk, id) => (id ? detail(desk, id) : list());

async function list() {
  const orders = await all("/orders");
  return [
    h("h1", {}, orders.length ? "我家的订单" : "还没有订单"),
    orders.length ? orderRows(orders) : h("p", {}, h("a", { class: "button primary", href: "#/campaigns" }, "看看有什么团购")),
  ];
}

export const orderRows = (orders) => h("ul", { class: "rows" }, orders.toSorted((a, b) => b.id.localeCompare(a.id)).map((one) =>
  h("li", {}, h("a", { class: "row", href: `#/orders/${one.id}` },
    h("span", {}, h("b", {}, `${stairwell(one.place_code)} ${one.room}`), h("small", { class: "muted block" }, `${one.title}：${wanted(one)}，${yuan(one.due_fen)}`)),
    chip(one.status_label, tone(one.status))))));

const wanted = (order) => order.lines.map((one) => `${one.name} ${one.quantity} ${one.share_label}`).join("，");

async function detail(desk, id) {
  const order = await get(`/orders/${id}`);
  const [campaign, paid, why, pickup, queue] = await Promise.all([
    get(`/public/campaigns/${order.campaign_id}`), missing(all(`/orders/${id}/payments`)), get(`/orders/${id}/explanation`),
    ...(HANDED.has(order.status) ? [missing(get(`/orders/${id}/pickup`)), missing(get(`/campaigns/${order.campaign_id}/queue`))] : [null, null]),
  ]);
  const turn = queue?.mine.find((one) => one.order_id === id);
  return [
    h("div", { class: "stack near" }, h("h1", {}, order.title),
      h("p", { class: "meta" }, chip(order.status_label, tone(order.status)), h("span", { class: "muted" }, `${stairwell(order.place_code)} ${order.room}`),
        h("a", { class: "aside", href: `#/campaigns/${order.campaign_id}` }, "看这个团购"))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, pickup && ticket(pickup, queue, turn), now(desk, order, campaign), explained(desk, order, why), goods(order)),
      h("div", { class: "stack" }, stages(order, campaign), money(order, paid), await more(desk, order))),
  ];
}

const HANDED = new Set(["ready", "collected", "delivered", "not_collected", "disputed", "completed"]);

function ticket(pickup, queue, turn) {
  if (pickup.state === "done") return null;
  return h("section", { class: "ticket card", "data-tone": pickup.state === "called" ? "good" : "notice" },
    pickup.number !== null && h("p", {}, "取货号"), pickup.number !== null && h("p", { class: "huge number" }, pickup.number),
    h("p", {}, pickup.advice),
    queue?.now_serving.length && pickup.number !== null ? h("p", { class: "muted" }, `正在叫：${queue.now_serving.join("、")} 号`) : null,
    turn?.ahead !== null && turn?.ahead !== undefined && h("p", { class: "muted" }, `前面还有 ${turn.ahead} 个号${turn.expected_at ? `，大约 ${when(turn.expected_at)}` : ""}`),
    pickup.code && h("p", {}, "取货码（请邻居代领时告诉他）：", h("b", { class: "number spaced" }, pickup.code)));
}

const unpaid = (order) => order.due_fen - order.paid_fen;

function now(desk, order, campaign) {
  const left = unpaid(order);
  const own = desk.me.homes.some((home) => home.id === order.household_id);
  const steps = [
    left > 0 && own && PAYABLE.has(order.status) && button(`付款 ${yuan(left)}`, () => pay(desk, order), "primary big"),
    left > 0 && desk.may("payments:payment:record") && PAYABLE.has(order.status) && button(`登记收款 ${yuan(left)}`, () => receipt(desk, order, left), "primary"),
    order.allowed_actions.includes("cancel") && button("取消订单", () => ask({
      title: "取消订单", words: order.paid_fen ? `已付的 ${yuan(order.paid_fen)} 会原路退回。` : "取消后，份额让给邻居。", yes: "取消订单", kind: "danger",
    }, () => desk.act(() => post(`/orders/${order.id}/cancel`, { revision: order.revision }), "订单已取消。")), "danger"),
  ].filter(Boolean);
  const say = SAY[order.status]?.(order, campaign);
  return steps.length || say ? card("现在", say && h("p", {}, say), steps.length ? h("div", { class: "choices" }, steps) : null) : null;
}

const PAYABLE = new Set(["awaiting_payment", "on_delivery", "locked", "allocated", "ready", "not_collected"]);

const SAY = {
  awaiting_payment: (order) => `给您留着了。请在 ${when(order.pay_by)} 前付款，过时份额让给邻居。`,
  paid: (order, campaign) => `已经付清，不用再做什么。${when(campaign.cut_off_at)} 截单，之前可以取消。`,
  on_delivery: (order, campaign) => `已经订好，货到了再付 ${yuan(order.due_fen)}。${when(campaign.cut_off_at)} 截单，之前可以取消。`,
  sponsored: () => "这一单由社区资助，不用付款。",
  locked: () => "已经截单，货到了会在这里告诉您分到多少。",
  allocated: () => "货已分好，等团长开始发放。",
  expired: () => "没有在时限内付款，份额已经让给邻居。",
  cancelled: () => "订单已取消，付过的钱会原路退回。",
};

/** Ask the provider's leave, let the person pay (here: the console), then ask the provider what became of it. */
async function pay(desk, order) {
  await desk.act(async () => {
    const payment = await post(`/orders/${order.id}/payments`, { method: "wechat" });
    await post(`/payments/${payment.id}/prepay`);
    await post(`/demo/payments/${payment.id}/pay`);
  }, "已付款，谢谢。");
}

/** Cash at the door or the point, against a receipt. */
export function receipt(desk, order, left) {
  ask({
    title: `登记收款：${order.stairwell ?? stairwell(order.place_code)} ${order.room}`, yes: `收到 ${yuan(left)}`,
    fields: [radios("怎样付的", "method", { cash: "现金", transfer: "转账给我" }, "cash"),
      field("收据号", h("input", { name: "receipt", required: true, maxlength: 40, value: `S${Date.now().toString().slice(-8)}` }), "每张收据一个号。")],
  }, (form) => desk.act(() => post(`/orders/${order.id ?? order.order_id}/receipts`, {
    method: form.method.value, amount_fen: left, receipt: form.receipt.value,
  }), "收款已登记。"));
}

function explained(desk, order, why) {
  if (!order.allocation && !why.questions.length) return null;
  const answer = (question, accept) => desk.act(
    () => post(`/orders/${order.id}/substitutes/${question.substitute_id}/answer`, { accept }), "已记下您的答复。");
  return h("section", { class: "card reason", "data-tone": order.allocation === "full" ? "good" : "wait" },
    h("h2", {}, order.allocation === "full" ? "分到了" : "为什么分到这些"), ...why.sentences.map((sentence) => h("p", {}, sentence)),
    ...why.questions.map((question) => h("div", { class: "stack near" },
      h("p", {}, h("b", {}, `换成${question.name}，${yuan(question.price_fen)}？`), ` 请在 ${when(question.answer_by)} 前答复。`),
      h("div", { class: "choices" }, button("换", () => answer(question, true), "primary"), button("不换，退款", () => answer(question, false))))));
}

function goods(order) {
  return card("买了什么", h("ul", { class: "stack" }, order.lines.map((one) => h("li", { class: "event" },
    h("span", {}, h("b", {}, one.name), h("small", { class: "muted block" }, got(one))),
    h("span", { class: "number" }, yuan(one.fen))))),
    lines(line("补贴", order.subsidy_fen ? yuan(-order.subsidy_fen) : null), line("社区资助", order.sponsored_fen ? yuan(-order.sponsored_fen) : null),
      line("自家付", yuan(order.due_fen)), line("领取", DELIVERIES[order.delivery]), line("付款", TERMS[order.terms])));
}

function got(one) {
  const asked = `订 ${one.quantity} ${one.share_label}`;
  return one.allocated === null ? `${asked}，每${one.share_label} ${yuan(one.price_fen)}` : `${asked}，分到 ${one.allocated} ${one.share_label}${one.grams ? `（${one.grams} 克）` : ""}`;
}

/** Where the order is on its way. */
function stages(order, campaign) {
  const way = ["下单", order.terms === "prepaid" ? "付款" : TERMS[order.terms], "截单", "到货分配", "可以领取", order.delivery === "door" ? "送到" : "领取"];
  const at = REACHED[order.status];
  if (at === undefined) return null;
  const notes = [when(order.created_at), null, when(campaign.cut_off_at)];
  return card("进度", h("ol", { class: "stages" }, way.map((name, n) =>
    h("li", { "data-state": n <= at ? "done" : n === at + 1 ? "next" : null }, h("b", {}, name), notes[n] && h("small", { class: "muted" }, notes[n])))));
}

const REACHED = {
  awaiting_payment: 0, paid: 1, on_delivery: 1, sponsored: 1, locked: 2, allocated: 3, ready: 4, not_collected: 4,
  collected: 5, delivered: 5, completed: 5, disputed: 5,
};

function money(order, paid) {
  const done = (paid ?? []).filter((payment) => payment.status === "succeeded");
  if (!done.length) return null;
  return card("付款", h("ul", { class: "stack" }, done.map((payment) => h("li", { class: "event" },
    h("span", {}, payment.method_label, h("small", { class: "muted block" }, when(payment.succeeded_at))),
    h("span", { class: "number" }, yuan(payment.amount_fen), payment.refunded_fen ? h("small", { class: "muted block" }, `退回 ${yuan(payment.refunded_fen)}`) : null)))));
}

/** Requests after the cut-off, and what is wrong with what came. */
async function more(desk, order) {
  const claims = HANDED.has(order.status) ? await missing(all(`/orders/${order.id}/claims`)) ?? [] : [];
  const asked = order.status === "locked" ? (await all("/change-requests", { status: "open" })).filter((one) => one.order_id === order.id) : [];
  const offered = [
    order.status === "locked" && !asked.length && button("不想要了，申请退出", () => leave(desk, order)),
    order.allowed_actions.includes("dispute") && button("东西有问题", () => claim(desk, order)),
  ].filter(Boolean);
  return [
    ...claims.map((one) => message("wait", `${CLAIMS[one.kind] ?? "问题"}：${one.status_label}`, one.refund_fen ? h("p", {}, `退款 ${yuan(one.refund_fen)}`) : "")),
    ...asked.map((one) => request(desk, one)),
    offered.length ? card("有变化？", h("div", { class: "choices" }, offered)) : null,
  ];
}

function leave(desk, order) {
  ask({
    title: "申请退出", words: "已经向供货商订了货，不能直接取消。", yes: "提出申请",
    fields: [radios("怎样退出", "kind", CHANGES, "leave"), field("原因", words("reason", { required: true }))],
  }, (form) => desk.act(() => post(`/orders/${order.id}/change-requests`, { kind: form.kind.value, reason: form.reason.value.trim() }), "申请已提出，有结果会在这里告诉您。"));
}

function claim(desk, order) {
  const [one] = order.lines;
  ask({
    title: "东西有问题", words: "领到后 24 小时内可以提出，团长会答复您；谈不拢由社区裁定。", yes: "提出",
    fields: [radios("什么问题", "kind", CLAIMS, "damaged"),
      field(`几${one.share_label}有问题`, h("input", { name: "quantity", type: "number", min: 1, max: one.allocated ?? one.quantity, value: 1, required: true })),
      field("说说情况", words("text", { required: true }))],
  }, (form) => desk.act(() => post(`/orders/${order.id}/claims`, {
    item_id: one.item_id, kind: form.kind.value, quantity: Number(form.quantity.value), text: form.text.value.trim(),
  }), "已提出，团长会答复您。"));
}
