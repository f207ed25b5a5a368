// At the pick-up point and at the doors: call the next numbers, hand over, skip; sheets for the dark and the offline.

import { all, get, post } from "./api.js";
import { ask, button, card, chip, field, h } from "./dom.js";
import { receipt } from "./orders.js";
import { tone, when, yuan } from "./group_words.js";
import { print } from "./paper.js";

const WORK = "groupbuy:handout:work";
const SHEETS = { pickup: "叫号领取单", door: "送货上门单", picker: "按商品配货单", packer: "按户装袋单", labels: "标签" };

export const title = "发放";
export const forWhom = (desk) => desk.may(WORK);
export const first = (desk) => (desk.may("groupbuy:order:read") ? -2 : 4);

export const page = (desk, id) => (id ? point(desk, id) : list(desk));

async function list(desk) {
  const places = [...new Set(desk.me.posts.map((held) => held.place_code))];
  const found = (await Promise.all(places.map((place) => all("/public/campaigns", { place })))).flat();
  const here = [...new Map(found.map((one) => [one.id, one])).values()].filter((one) => ["handing_out", "arrived"].includes(one.status));
  return [
    h("h1", {}, here.length ? "正在发放" : "现在没有要发放的"),
    here.length ? h("ul", { class: "rows" }, here.map((one) => h("li", {}, h("a", { class: "row", href: `#/handout/${one.id}` },
      h("span", {}, h("b", {}, one.title), h("small", { class: "muted block" }, `在${one.pickup_place}`)), chip(one.status_label, tone(one.status))))))
      : h("p", { class: "muted" }, "货到了、团长开始发放以后，就在这里叫号和送货。"),
  ];
}

async function point(desk, id) {
  const [campaign, orders, queue] = await Promise.all([get(`/public/campaigns/${id}`), all(`/campaigns/${id}/handout`), get(`/campaigns/${id}/queue`)]);
  const by = Map.groupBy(orders, (order) => order.state);
  const of = (state) => (by.get(state) ?? []).toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0) || a.stairwell.localeCompare(b.stairwell, "zh", { numeric: true }) || (a.floor ?? 0) - (b.floor ?? 0));
  return [
    h("div", { class: "stack near" }, h("h1", {}, campaign.title), h("p", { class: "meta" }, chip(campaign.status_label, tone(campaign.status)),
      h("span", { class: "muted" }, `发放 ${of("done").length} / ${orders.length} 份，在${campaign.pickup_place}`))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, calling(desk, campaign, of("called"), queue), waiting(desk, of("waiting"))),
      h("div", { class: "stack" }, doors(desk, of("door")), missed(desk, of("missed")), paper(id))),
  ];
}

function calling(desk, campaign, called, queue) {
  const early = queue.next_call_at && new Date(queue.next_call_at) > Date.now();
  if (early) desk.refreshAt(queue.next_call_at);
  const full = called.length >= campaign.at_once;
  const next = full ? h("p", {}, `在场的已有 ${called.length} 个号，有人领走再叫。`) : early
    ? h("p", {}, h("b", {}, `${when(queue.next_call_at)} 起叫下一批`), called.length ? "，免得人多；在场的都领走或过号了，马上就可以叫。" : "。")
    : button("叫下一批", () => desk.act(() => post(`/campaigns/${campaign.id}/call-next`), "已叫下一批。"), "primary big");
  return card("正在叫",
    called.length ? h("ul", { class: "stack" }, called.map((order) => h("li", { class: "called" },
      h("b", { class: "huge number" }, order.number), at(order), hand(desk, order)))) : h("p", { class: "muted" }, "没有在叫的号。"),
    queue.waiting ? next : h("p", { class: "muted" }, "号都叫完了。"),
    queue.waiting ? h("p", { class: "muted" }, `还有 ${queue.waiting} 个号在等。`) : null);
}

const goods = (order) => order.lines.map((one) => `${one.name} ${one.allocated} ${one.share_label}`).join("，");

const at = (order) => h("div", {}, h("b", {}, `${order.stairwell} ${order.room}`), h("p", {}, goods(order)), order.owed_fen ? chip(`还欠 ${yuan(order.owed_fen)}`, "wait") : null);

const step = (desk, order, action, body, done) => desk.act(() => post(`/orders/${order.order_id}/${action}`, { revision: order.revision, ...body }), done);

/** Handing over: to the household, to a neighbour with its code; or nobody came. */
function hand(desk, order) {
  if (order.owed_fen) return h("div", { class: "choices" }, owing(desk, order), order.state === "called" && skip(desk, order));
  return h("div", { class: "choices" },
    button("领走", () => step(desk, order, "collect", {}, `${order.stairwell} ${order.room} 已领走。`), "primary"),
    button("代领", () => proxy(desk, order)), order.state === "called" && skip(desk, order));
}

const skip = (desk, order) => button("过号", () => step(desk, order, "skip", {}, `${order.number} 号过号，隔一批再叫。`));

const owing = (desk, order) => desk.may("payments:payment:record")
  ? button(`收款 ${yuan(order.owed_fen)}`, () => receipt(desk, order, order.owed_fen), "primary") : h("p", { class: "muted" }, "先请团长收款，再把货交给住户。");

function proxy(desk, order) {
  ask({
    title: `代领 ${order.stairwell} ${order.room}`, yes: "领走",
    fields: [field("取货码", h("input", { name: "code", pattern: "[0-9]{6}", inputmode: "numeric", autocomplete: "off" }), "住户告诉代领人的 6 位数字。没有的，打电话问过住户就空着。")],
  }, ({ code }) => step(desk, order, "collect", code.value ? { how: "proxy", code: code.value } : { how: "verified" }, "代领已登记。"));
}

function waiting(desk, orders) {
  if (!orders.length) return null;
  return card(`等着叫的：${orders.length} 个号`, h("ul", { class: "rows" }, orders.map((order) => h("li", { class: "row" },
    h("span", {}, h("b", { class: "number" }, `${order.number} 号`), ` ${order.stairwell} ${order.room}`, h("small", { class: "muted block" }, goods(order))),
    order.skips ? chip(`过号 ${order.skips} 次`, "wait") : null))));
}

function doors(desk, orders) {
  if (!orders.length) return null;
  return card(`送到门口：${orders.length} 户`, h("ul", { class: "stack" }, orders.map((order) => h("li", { class: "stack near" }, at(order),
    h("div", { class: "choices" }, order.owed_fen ? owing(desk, order)
      : button("送到了", () => step(desk, order, "deliver", {}, `${order.stairwell} ${order.room} 已送到。`), "primary"),
    button("没有人", () => step(desk, order, "miss", {}, "已记下，货先替住户留着。")))))));
}

function missed(desk, orders) {
  if (!orders.length) return null;
  return card(`没有领：${orders.length} 户`, h("ul", { class: "stack" }, orders.map((order) => h("li", { class: "stack near" }, at(order), hand(desk, order),
    !order.owed_fen && button("送到了", () => step(desk, order, "deliver", {}, "已送到。"))))));
}

function paper(id) {
  return card("打印", h("p", { class: "muted" }, "天黑、没有网络时用纸，回来再补记。"), h("ul", { class: "stack" }, Object.entries(SHEETS).map(([kind, label]) =>
    h("li", { class: "event" }, h("span", {}, label), h("span", { class: "chips" },
      button("打开", () => print(`/campaigns/${id}/sheets/${kind}`, {})), button("PDF", () => print(`/campaigns/${id}/sheets/${kind}`, { format: "pdf" })))))));
}
