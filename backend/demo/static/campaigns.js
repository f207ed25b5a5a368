// The group buys around a person, and one of them: what each pays and who earns what, the order, and what those in
// charge of it do.

import { all, get } from "./api.js";
import { card, chip, h, line, lines } from "./dom.js";
import { basket } from "./basket.js";
import { joining } from "./joining.js";
import { charge, drafting } from "./organise.js";
import { tone, when, yuan } from "./group_words.js";
import { orderRows } from "./orders.js";

export const title = "团购";
export const forWhom = (desk) => desk.may("groupbuy:order:place") || desk.may("groupbuy:campaign:approve");
export const first = (desk) => {
  if (desk.may("groupbuy:campaign:organise")) return 3;
  return desk.may("places:household:read") ? 0 : 2;
};

const IN_CHARGE = ["groupbuy:campaign:organise", "groupbuy:campaign:approve"];
const inCharge = (desk) => IN_CHARGE.some(desk.may);
const OVER = new Set(["settled", "closed", "failed", "cancelled", "recalled"]);

export function page(desk, id, part) {
  if (id === "new") return drafting(desk);
  if (id) return part === "orders" ? ordersOf(desk, id) : detail(desk, id);
  return list(desk);
}

async function list(desk) {
  const places = [...new Set([...desk.me.homes, ...desk.me.posts].map((held) => held.place_code))];
  const [own, orders, ...around] = await Promise.all([
    inCharge(desk) ? all("/campaigns") : [], desk.me.homes.length ? all("/orders") : [], ...places.map((place) => all("/public/campaigns", { place })),
  ]);
  const mine = new Map(own.map((one) => [one.id, one]));
  const others = [...new Map(around.flat().map((one) => [one.id, one])).values()].filter((one) => !mine.has(one.id));
  const running = newest(others.filter((one) => !OVER.has(one.status)));
  const here = orders.filter((one) => HERE.has(one.status));
  return [
    h("h1", {}, mine.size ? "我负责的团购" : here.length ? `等您办的订单：${here.length} 份` : running.length ? "正在进行的团购" : "现在没有团购"),
    desk.may("groupbuy:campaign:organise") && h("a", { class: "button primary big", href: "#/campaigns/new" }, "开一个新团购"),
    here.length ? orderRows(here) : null,
    mine.size ? section(null, newest([...mine.values()].filter((one) => !OVER.has(one.status)))) : null,
    section(mine.size ? "附近的团购" : here.length ? "正在进行的团购" : null, running),
    section("已经结束", newest([...others, ...mine.values()].filter((one) => OVER.has(one.status)))),
  ].filter(Boolean);
}

/** What asks for something of this home: to be paid, or fetched. */
const HERE = new Set(["awaiting_payment", "ready", "not_collected"]);

/** What waits for approval, then what takes orders; identifiers grow with time. */
const rank = (one) => (unapproved(one) ? 2 : one.status === "open" ? 1 : 0);
const unapproved = (one) => one.approved === false && one.allowed_actions.includes("approve");
const newest = (items) => items.toSorted((a, b) => rank(b) - rank(a) || b.id.localeCompare(a.id));

const section = (heading, items) => items.length
  ? h("section", { class: "stack" }, heading && h("h2", {}, heading), h("ul", { class: "offers" }, items.map((one) => h("li", {}, offer(one))))) : null;

function offer(one) {
  return h("a", { class: "offer card", href: `#/campaigns/${one.id}` },
    h("span", { class: "event" }, h("b", {}, one.title), chip(one.status_label, tone(one.status))),
    ...one.items.map((item) => h("span", { class: "event" }, h("span", {}, item.name), h("span", {}, price(item)))),
    h("small", { class: "muted" }, note(one)));
}

const price = (item) => [h("b", { class: "number" }, yuan(item.price_fen - item.subsidy_fen)), ` / ${item.share_label}`];

function note(one) {
  if (unapproved(one)) return "等社区批准补贴";
  if (one.status === "open") return `${one.items.map(left).join("，")}；${when(one.cut_off_at)} 截单`;
  if (one.status === "published") return `${when(one.opens_at)} 开始`;
  return `${when(one.cut_off_at)} 截单，在${one.pickup_place}领取`;
}

const left = (item) => (item.left ? `还剩 ${item.left} ${item.share_label}` : "已订完");
const sold = (item) => `订了 ${item.total - item.left} ${item.share_label}`;

async function detail(desk, id) {
  const shown = await found(desk, id);
  const reads = desk.may("groupbuy:order:read");
  return [
    h("div", { class: "stack near" }, h("h1", {}, shown.title),
      h("p", { class: "meta" }, chip(shown.status_label, tone(shown.status)), h("span", { class: "muted" }, `团长 ${shown.organiser}`))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, await charge(desk, shown), shown.status === "open" && await basket(desk, shown), await joining(desk, shown)),
      h("div", { class: "stack" }, ...shown.items.map((item) => priceSheet(item, shown.status === "open")), rules(shown),
        reads && h("a", { class: "button", href: `#/campaigns/${id}/orders` }, "看订单"))),
  ];
}

/** As whoever is in charge sees it; else as everyone does. */
async function found(desk, id) {
  if (inCharge(desk)) {
    try {
      return await get(`/campaigns/${id}`);
    } catch (error) {
      if (error.problem?.code !== "not_found") throw error;
    }
  }
  return get(`/public/campaigns/${id}`);
}

/** Who earns what: the sum is the price, and all may see it. */
function priceSheet(item, selling) {
  const parts = [["进货价", item.cost_fen], ["运费", item.freight_fen], ["团长所得", item.organiser_fen], ["补贴", -item.subsidy_fen]];
  return card(item.name,
    h("p", { class: "price" }, "您付 ", h("b", { class: "number" }, yuan(item.price_fen - item.subsidy_fen)), ` / ${item.share_label}`),
    h("table", { class: "sheet" }, h("caption", {}, "这笔钱到哪里去"), h("tbody", {}, parts.filter(([, fen]) => fen).map(([term, fen]) =>
      h("tr", {}, h("th", { scope: "row" }, term), h("td", {}, yuan(fen)))))),
    h("p", { class: "event" }, h("span", {}, selling ? left(item) : sold(item)), h("span", { class: "muted" }, `共 ${item.total} ${item.share_label}，每户最多 ${item.cap} ${item.share_label}`)),
    h("meter", { min: 0, max: item.total, value: item.total - item.left, "aria-label": `已订 ${item.total - item.left}，共 ${item.total}` }));
}

function rules(shown) {
  return card("约定",
    lines(
      line("货不够时", h("b", {}, shown.policy_label), `：${shown.policy_sentence}`),
      line("截单", when(shown.cut_off_at)),
      line("成团", shown.minimum_shares ? `订满 ${shown.minimum_shares} 份才成团，不成团全部退款` : null),
      line("付款", `下单后 ${shown.pay_minutes} 分钟内付款${shown.allows_on_delivery ? "，也可以货到付款" : ""}`),
      line("领取", shown.pickup_place, shown.allows_door ? "，也可以送到门口" : ""),
      line("叫号", `每批 ${shown.batch_size} 个号，最多 ${shown.at_once} 个号在场；有人在场时，两批至少隔 ${shown.batch_minutes} 分钟`),
      line("没人领", shown.keeping_sentence),
      line("供货商", shown.supplier),
    ));
}

async function ordersOf(desk, id) {
  const [shown, orders] = await Promise.all([get(`/public/campaigns/${id}`), all(`/campaigns/${id}/orders`)]);
  return [
    h("div", { class: "stack near" }, h("h1", {}, `${shown.title}：${orders.length} 份订单`), h("p", {}, h("a", { href: `#/campaigns/${id}` }, "回到团购"))),
    orders.length ? orderRows(orders) : h("p", { class: "muted" }, "您负责的范围内还没有订单。"),
  ];
}
