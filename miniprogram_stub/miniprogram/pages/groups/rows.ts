/** Campaigns and orders as lists show them. */
import type { Shape } from "../../services/api";
import { compoundOf, door, left, when, yuan } from "../../utils/format";
import { next, tone } from "./words";

export type Campaign = Shape<"Campaign">;
export type Order = Shape<"Order">;

export function campaignRow(one: Campaign) {
  return {
    id: one.id,
    title: one.title,
    status: one.status,
    label: one.status_label,
    tone: tone(one.status),
    goods: one.items.map((item) => ({
      id: item.id,
      name: item.name,
      fen: item.price_fen - item.subsidy_fen,
      per: item.share_label,
      left: one.status === "open" ? remaining(item) : "",
    })),
    note: note(one),
  };
}

export function remaining(item: Shape<"Item">): string {
  return item.left ? `还剩 ${item.left} ${item.share_label}` : "已订完，可以候补";
}

function note(one: Campaign): string {
  if (one.status === "open") return `${when(one.cut_off_at)} 截单，${left(one.cut_off_at)}`;
  if (one.status === "published") return `${when(one.opens_at)} 开始`;
  return `${when(one.cut_off_at)} 截单 · ${one.pickup_place}`;
}

export function orderRow(one: Order) {
  return {
    id: one.id,
    title: one.title,
    label: one.status_label,
    tone: tone(one.status),
    goods: one.lines.map((line) => `${line.name} ${line.allocated ?? line.quantity} ${line.share_label}`).join("，"),
    sum: `¥${yuan(one.due_fen)}`,
    home: `${door(one.place_code)} ${one.room}`,
    next: next(one),
  };
}

const OVER = new Set(["completed", "cancelled", "expired", "refunded"]);
const ASKS = ["awaiting_payment", "ready", "not_collected"];

/** Those under way; first those that ask for something now. */
export function running(orders: Order[]): Order[] {
  const rank = (one: Order) => (ASKS.includes(one.status) ? 0 : 1);
  return orders.filter((one) => !OVER.has(one.status)).sort((a, b) => rank(a) - rank(b));
}

const PARTS = [
  { heading: "现在可以订", holds: ["open"] },
  { heading: "即将开始", holds: ["published"] },
  { heading: "正在采购和发放", holds: ["cut_off", "ordered", "in_transit", "arrived", "handing_out"] },
  { heading: "已经结束", holds: [] },
];

/** Campaigns under the heading of what one may expect of them. */
export function parts(campaigns: Campaign[]) {
  const known = PARTS.flatMap((part) => part.holds);
  return PARTS.map(({ heading, holds }) => ({
    heading,
    rows: campaigns.filter(({ status }) => (holds.length ? holds.includes(status) : !known.includes(status))).map(campaignRow),
  })).filter((part) => part.rows.length);
}

/** The compounds in which these places lie, or the wider places that hold them. */
export function compounds(held: { place_code: string }[]): string[] {
  const codes = [...new Set(held.map(({ place_code }) => compoundOf(place_code)))];
  return codes.filter((code) => !codes.some((other) => other !== code && code.startsWith(other)));
}
