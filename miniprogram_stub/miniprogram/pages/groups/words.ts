/** What a state means for the household, in a sentence. The names of the states are the server's. */
import type { Shape } from "../../services/api";
import { when, yuan } from "../../utils/format";

type Order = Shape<"Order">;

const NEXT: Record<string, (order: Order) => string> = {
  awaiting_payment: (order) => `给您留着了，请在 ${when(order.pay_by)} 前付款，过时让给邻居。`,
  paid: () => "已经付清，不用再做什么。",
  on_delivery: (order) => `已经订好，货到了再付 ¥${yuan(order.due_fen)}。`,
  sponsored: () => "这一单由社区资助，不用付款。",
  locked: () => "已经截单，货到了在这里告诉您分到多少。",
  allocated: () => "货已分好，等团长开始发放。",
  ready: (order) => (order.delivery === "door" ? "会送到家门口，请留意敲门。" : "可以领取了，打开看您的号。"),
  not_collected: () => "没有等到您，货还替您留着。打开看怎么办。",
  collected: (order) => (order.allowed_actions.includes("dispute") ? "东西有问题，现在可以提出。" : ""),
  delivered: (order) => (order.allowed_actions.includes("dispute") ? "东西有问题，现在可以提出。" : ""),
  disputed: () => "您提出的问题正在处理。",
  expired: () => "没有在时限内付款，份额已经让给邻居。",
  cancelled: () => "订单已取消，付过的钱会退回。",
  refunded: () => "付过的钱已全部退回。",
};

export function next(order: Order): string {
  return NEXT[order.status]?.(order) ?? "";
}

const TONES: Record<string, string> = {
  open: "good", handing_out: "brand", arrived: "brand", published: "brand", failed: "bad", recalled: "bad", cut_off: "warn",
  paid: "good", on_delivery: "good", sponsored: "good", ready: "brand", collected: "good", delivered: "good",
  awaiting_payment: "warn", not_collected: "warn", disputed: "warn",
};

export function tone(status: string): string {
  return TONES[status] ?? "";
}
