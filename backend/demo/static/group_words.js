// The Chinese of group buys, and how money is written. Amounts come and go in fen.

import { day, later, today } from "./words.js";

export const CAMPAIGN_ACTIONS = {
  approve: "批准补贴", publish: "公布团购", extend: "延长截单时间", lower_price: "降价", order: "向供货商下单",
  dispatch: "货已发出", arrive: "登记到货", hand_out: "开始发放", settle: "结算", cancel: "取消团购，全部退款",
};

export const POLICIES = {
  one_each_first: "先保每户一份", first_come: "先到先得", pro_rata: "按比例", vulnerable_first: "困难优先",
};

export const CONSENTS = { in_person: "当面同意", voice: "电话同意", paper: "书面同意" };
export const TERMS = { prepaid: "先付款", on_delivery: "货到付款", sponsored: "由社区资助" };
export const DELIVERIES = { pickup: "自己取", door: "送到门口" };
export const CHANGES = { leave: "退出，由候补邻居接手", hardship: "有困难，请社区帮我退出" };
export const CLAIMS = { damaged: "破损", missing: "少了", wrong: "发错了", spoiled: "变质" };

const TONES = {
  open: "good", handing_out: "good", arrived: "notice", in_transit: "notice", ordered: "notice", published: "notice",
  paid: "good", on_delivery: "good", sponsored: "good", locked: "notice", allocated: "notice", ready: "good",
  awaiting_payment: "wait", draft: "wait", cut_off: "wait", not_collected: "wait", disputed: "wait",
  recalled: "bad", failed: "bad",
};
export const tone = (status) => TONES[status] ?? "plain";

export const yuan = (fen) => `${fen < 0 ? "−" : ""}¥${Math.floor(Math.abs(fen) / 100)}.${String(Math.abs(fen) % 100).padStart(2, "0")}`;

/** What a person types in yuan, in fen. */
export const fen = (control) => Math.round(Number(control.value) * 100);

/** 420112004007-001-012-003 → 12栋3单元 */
export function stairwell(code) {
  const [, , building, unit] = code.split("-").map(Number);
  return [building && `${building}栋`, unit && `${unit}单元`].filter(Boolean).join("");
}

/** The value of a `datetime-local` for eight in the evening, `days` from today. */
export const evening = (days) => `${later(today(), days)}T20:00`;

/** A `datetime-local` is Shanghai's, wherever the browser thinks it is. */
export const instant = (local) => `${local}:00+08:00`;

const CLOCK = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" });

/** 3月12日 20:00; the day alone is left out when it is today. */
export function when(iso) {
  if (!iso) return "";
  const [date, clock] = CLOCK.format(new Date(iso)).split(" ");
  if (date === today()) return `今天 ${clock}`;
  return `${date === later(today(), 1) ? "明天" : day(date)} ${clock}`;
}
