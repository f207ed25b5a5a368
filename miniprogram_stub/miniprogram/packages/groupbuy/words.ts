/** The words of the group buy's own choices, and of the household's steps: one table per matter. */
import type { Option } from "./options/options";

export const DELIVERIES: Option[] = [
  { value: "pickup", label: "自己取" },
  { value: "door", label: "送到家门口" },
];

export const TERMS: Record<string, string> = { prepaid: "先付款", on_delivery: "货到付款", sponsored: "由社区资助" };

export const SUBSTITUTIONS: Option[] = [
  { value: "refuse", label: "不换，缺的退款" },
  { value: "ask", label: "先问我" },
  { value: "accept", label: "可以换成差不多的" },
];

export const CHANGES: Record<string, Option> = {
  leave: { value: "leave", label: "不要了，让给候补的邻居", note: "有邻居接手并付款后退出，原路退款；没有人接手时订单照旧。" },
  transfer: { value: "transfer", label: "转给一户邻居", note: "邻居确认后，订单转到邻居家。" },
  hardship: { value: "hardship", label: "有困难，请社区帮我退出", note: "由社区决定，同意后全部退款。" },
};

export const CLAIMS: Option[] = [
  { value: "damaged", label: "破损" },
  { value: "missing", label: "少了" },
  { value: "wrong", label: "发错了" },
  { value: "spoiled", label: "变质" },
];

export function said(options: Option[], value: string): string {
  return options.find((one) => one.value === value)?.label ?? "";
}
