/** The shopping list as it stands at the counter. */
import type { Shape } from "../../../services/api";
import { yuan } from "../../../utils/format";
import { FORMS, LINES } from "../words";

export type Line = ReturnType<typeof lineOf>;
export interface BagOf {
  number: number;
  card: boolean;
  lines: Line[];
}

function lineOf(line: Shape<"LineToBuy">) {
  const status = line.status ?? "wanted";
  return {
    id: line.line_id,
    name: line.instead || line.name || "",
    made: line.instead ? `住户同意换的，原来要 ${line.name ?? ""}` : [line.maker, line.specification].filter(Boolean).join("，"),
    amount: `${FORMS[line.form ?? "other"] ?? ""} ${line.quantity ?? 1} 份`,
    quantity: line.quantity ?? 1,
    ceiling: line.ceiling_fen ?? 0,
    ways: [`最高 ${yuan(line.ceiling_fen ?? 0)} 元`, line.substitution ? "可以换药" : "不换药", line.cold ? "要冷藏" : "", line.prescription ? "凭处方" : ""].filter(Boolean).join("，"),
    substitution: line.substitution ?? false,
    status,
    ...stateOf(status),
  };
}

export const stateOf = (status: string) => ({ label: LINES[status]?.label ?? "", tone: LINES[status]?.tone ?? "", open: status === "wanted" });

export const bagsOf = (list: Shape<"ShoppingList">): BagOf[] => list.items.map((bag) => ({ number: bag.number, card: bag.insurance_card ?? false, lines: bag.lines.map(lineOf) }));

/** 12.5 or 12,50 as typed -> 1250; null for what is no amount. */
export function fenOf(typed: string): number | null {
  const clean = typed.trim().replace("，", ".").replace(",", ".");
  return /^\d{1,5}(\.\d{1,2})?$/.test(clean) ? Math.round(Number(clean) * 100) : null;
}
