/** An order as its page shows it: where it is on its way, and what each line comes to. */
import type { Shape } from "../../../services/api";
import type { TimelineStep } from "../../../components/timeline/timeline";
import { door, when, yuan } from "../../../utils/format";
import { next, tone } from "../../../pages/groups/words";
import { DELIVERIES, SUBSTITUTIONS, TERMS, said } from "../words";

export type Order = Shape<"Order">;
export type Campaign = Shape<"Campaign">;

export function shown(order: Order, campaign: Campaign) {
  return {
    title: order.title,
    label: order.status_label,
    tone: tone(order.status),
    home: `${door(order.place_code)} ${order.room}`,
    next: next(order),
    steps: way(order, campaign),
    lines: order.lines.map((line) => ({ key: line.item_id, name: line.name, note: got(line), value: `¥${yuan(line.fen)}` })),
    terms: [
      ...(order.subsidy_fen ? [{ name: "补贴", value: `−¥${yuan(order.subsidy_fen)}` }] : []),
      ...(order.sponsored_fen ? [{ name: "社区资助", value: `−¥${yuan(order.sponsored_fen)}` }] : []),
      { name: "自家付", value: `¥${yuan(order.due_fen)}` },
      { name: "领取", value: order.delivery === "pickup" ? `自己到${campaign.pickup_place}取` : said(DELIVERIES, order.delivery) },
      { name: "付款", value: TERMS[order.terms] },
      { name: "缺货时", value: said(SUBSTITUTIONS, order.lines[0].substitution) },
    ],
  };
}

function got(line: Shape<"OrderLine">): string {
  const asked = `订 ${line.quantity} ${line.share_label}`;
  if (line.allocated == null) return `${asked}，每${line.share_label} ¥${yuan(line.price_fen)}`;
  return `${asked}，分到 ${line.allocated} ${line.share_label}${line.grams ? `（实称 ${line.grams} 克）` : ""}`;
}

const REACHED: Record<string, number> = { awaiting_payment: 1, paid: 2, on_delivery: 2, sponsored: 2, locked: 3, allocated: 4, ready: 5, not_collected: 5 };
const ENDED = ["cancelled", "expired", "refunded"];

function way(order: Order, campaign: Campaign): TimelineStep[] {
  const names = ["下单", order.terms === "prepaid" ? "付款" : TERMS[order.terms], "截单", "到货分配", "可以领取", order.delivery === "door" ? "送到" : "领取"];
  const notes: Record<number, string> = { 0: when(order.created_at), 2: when(campaign.cut_off_at) };
  if (ENDED.includes(order.status)) return [{ name: names[0], note: notes[0], state: "done" }, { name: order.status_label, state: "ended" }];
  const at = REACHED[order.status] ?? names.length;
  return names.map((name, n) => ({ name, note: notes[n] ?? "", state: n < at ? "done" : n === at ? "now" : "next" }));
}

/** What the household would take more of, so that a case is full: while it may still change its mind. */
export function extras(order: Order, campaign: Campaign) {
  if (!order.allowed_actions.includes("cancel")) return [];
  return order.lines.flatMap((line) => {
    const item = campaign.items.find(({ id }) => id === line.item_id);
    const room = item ? item.cap - line.quantity : 0;
    return item && item.case_size > 1 && room > 0 ? [{ id: item.id, name: item.name, per: item.share_label, size: item.case_size, room }] : [];
  });
}
