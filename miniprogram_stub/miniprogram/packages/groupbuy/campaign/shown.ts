/** A campaign as its page shows it: every sum in words, what may be chosen, and what is read back. */
import type { Shape } from "../../../services/api";
import { day, jin, left, when, yuan } from "../../../utils/format";
import { remaining } from "../../../pages/groups/rows";
import { tone } from "../../../pages/groups/words";
import { DELIVERIES, SUBSTITUTIONS, TERMS, said } from "../words";
import type { Option } from "../options/options";

export type Campaign = Shape<"Campaign">;
type Item = Shape<"Item">;
export type Counts = Record<string, number>;

export interface Chosen {
  delivery: "pickup" | "door";
  terms: "prepaid" | "on_delivery" | "sponsored";
  substitution: "refuse" | "accept" | "ask";
  home: string;
  consent: "" | "voice" | "paper" | "in_person";
}

export function shown(one: Campaign) {
  const open = one.status === "open";
  return {
    title: one.title,
    label: one.status_label,
    tone: tone(one.status),
    open,
    cutOff: open ? `${when(one.cut_off_at)} 截单，${left(one.cut_off_at)}` : one.status === "published" ? `${when(one.opens_at)} 开始，${when(one.cut_off_at)} 截单` : `${when(one.cut_off_at)} 截单`,
    items: one.items.map((item) => shownItem(item, open)),
    rules: [
      { name: "货不够时怎样分", text: one.policy_sentence },
      { name: "没人领的怎样办", text: one.keeping_sentence },
      { name: "怎样领", text: `在${one.pickup_place}按号领取，每批叫 ${one.batch_size} 个号，不用提前排队。${one.allows_door ? "也可以送到家门口。" : ""}` },
      { name: "怎样付", text: `下单后 ${one.pay_minutes} 分钟内付款，过时让给邻居。${one.allows_on_delivery ? "也可以货到付款。" : ""}` },
      ...(one.minimum_shares ? [{ name: "成团", text: `订满 ${one.minimum_shares} 份才成团，不成团全部退款。` }] : []),
      { name: "谁在办", text: `团长 ${one.organiser}，供货商 ${one.supplier}` },
    ],
  };
}

function shownItem(item: Item, open: boolean) {
  return {
    id: item.id,
    name: item.name,
    per: item.share_label,
    cap: item.cap,
    fen: price(item),
    left: open ? remaining(item) : `订出 ${item.total - item.left} ${item.share_label}`,
    soldOut: open && !item.left,
    max: Math.min(item.cap, item.left),
    limits: [
      `每户最多 ${item.cap} ${item.share_label}`,
      item.case_size > 1 ? `${item.case_size} ${item.share_label}一箱` : "",
      item.weighed && item.grams_per_share ? `每${item.share_label}约 ${jin(item.grams_per_share)}，按实称结算，重了不加钱` : "",
    ].filter(Boolean).join(" · "),
    sheet: earns(item),
  };
}

/** Who earns what: the parts add up to the price. */
function earns(item: Item): string {
  const part = (name: string, fen = 0) => (fen ? `${name} ¥${yuan(fen)}` : "");
  const parts = [part("进货价", item.cost_fen), part("运费", item.freight_fen), part("团长所得", item.organiser_fen)].filter(Boolean).join("，");
  const subsidy = item.subsidy_fen ? `；其中 ¥${yuan(item.subsidy_fen)} 由补贴承担` : "";
  return `一${item.share_label} ¥${yuan(item.price_fen)} 到哪里去：${parts}${subsidy}。`;
}

const price = (item: Item) => item.price_fen - item.subsidy_fen;

export function sum(one: Campaign, counts: Counts): number {
  return one.items.reduce((fen, item) => fen + (counts[item.id] ?? 0) * price(item), 0);
}

/** At first one of the only thing there is; afterwards what the person has set, as far as it is still to be had. */
export function countsFor(one: Campaign, before: Counts): Counts {
  const first = one.items.length === 1 ? 1 : 0;
  return Object.fromEntries(one.items.map((item) => [item.id, Math.min(before[item.id] ?? first, item.cap, item.left)]));
}

export function choices(one: Campaign, sponsors: boolean): { deliveries: Option[]; terms: Option[] } {
  const offered = ["prepaid", ...(one.allows_on_delivery ? ["on_delivery"] : []), ...(sponsors ? ["sponsored"] : [])];
  return { deliveries: one.allows_door ? DELIVERIES : [], terms: offered.length > 1 ? offered.map((value) => ({ value, label: TERMS[value] })) : [] };
}

/** What is about to be sent, row by row. */
export function readBack(one: Campaign, counts: Counts, chosen: Chosen, whose: string) {
  const goods = one.items.filter((item) => counts[item.id]).map((item) => ({ name: item.name, value: `${counts[item.id]} ${item.share_label} · ¥${yuan(counts[item.id] * price(item))}` }));
  return [
    { name: "给谁家", value: whose },
    ...goods,
    { name: "领取", value: chosen.delivery === "door" ? "送到家门口" : `自己到${one.pickup_place}取` },
    { name: "付款", value: chosen.terms === "prepaid" ? `先付款，${one.pay_minutes} 分钟内` : TERMS[chosen.terms] },
    { name: "缺货时", value: said(SUBSTITUTIONS, chosen.substitution) },
  ];
}

/** What came of the money, once it is settled. */
export function settled(sheet: Shape<"PriceSheet">) {
  const rows = sheet.payouts.map((paid, n) => ({ key: String(n), name: `${day(paid.at)} ${PAID[paid.what] ?? ""}`, value: `¥${yuan(paid.amount_fen)}` }));
  if (sheet.organiser_got_fen != null) rows.push({ key: "share", name: "团长所得", value: `¥${yuan(sheet.organiser_got_fen)}` });
  if (sheet.surplus_fen != null) rows.push({ key: "surplus", name: "结余转入社区互助金", value: `¥${yuan(sheet.surplus_fen)}` });
  return rows;
}

const PAID: Record<string, string> = { supplier: "付货款", freight: "付运费", share: "付团长所得" };
