/** One medicine as it is being written down: what is typed stays text until it is sent. */
import type { Shape } from "../../services/api";

type Line = Shape<"NewMedicineLine">;

export interface Draft {
  name: string;
  specification: string;
  maker: string;
  form: number;
  quantity: number;
  yuan: string;
  daysLeft: string;
  daysEach: string;
  substitution: boolean;
  prescription: boolean;
  cold: boolean;
  sealed: boolean;
}

const FORMS: [Line["form"], string][] = [
  ["tablet", "片剂"],
  ["capsule", "胶囊"],
  ["granule", "颗粒、冲剂"],
  ["liquid", "口服液、糖浆"],
  ["drops", "滴剂"],
  ["external", "外用"],
  ["inhaler", "吸入剂"],
  ["injection", "注射剂"],
  ["device", "器械耗材"],
  ["other", "其他"],
];
export const FORM_LABELS = FORMS.map(([, label]) => label);

export function blank(): Draft {
  const typed = { name: "", specification: "", maker: "", yuan: "", daysLeft: "", daysEach: "" };
  return { ...typed, form: 0, quantity: 1, substitution: false, prescription: false, cold: false, sealed: false };
}

/** As the contract wants it. What is no number goes as nothing: the server says what is missing. */
export function toLine(draft: Draft): Line {
  const yuan = number(draft.yuan);
  return {
    name: draft.name.trim(),
    specification: draft.specification.trim() || null,
    maker: draft.maker.trim() || null,
    form: FORMS[draft.form][0],
    quantity: draft.quantity,
    ceiling_fen: (yuan === null ? null : Math.round(yuan * 100)) as number,
    days_left: number(draft.daysLeft),
    days_each: number(draft.daysEach),
    substitution: draft.substitution,
    prescription: draft.prescription,
    cold: draft.cold,
    sealed_otc: draft.sealed,
  };
}

/** Read back before it is sent. */
export function readBack(draft: Draft): { title: string; note: string } {
  const said = [
    `${FORM_LABELS[draft.form]}，${draft.quantity} 盒，最多花 ¥${draft.yuan}`,
    draft.substitution ? "没有这种可以问我换一种" : "不换药",
    draft.daysLeft && `家里还够 ${draft.daysLeft} 天`,
    draft.prescription && "凭处方",
    draft.cold && "要冷藏",
    draft.sealed && "非处方、不拆封",
    draft.daysEach && `长期要吃，一盒 ${draft.daysEach} 天`,
  ];
  const title = [draft.name, draft.specification, draft.maker].map((one) => one.trim()).filter(Boolean).join("，");
  return { title, note: said.filter(Boolean).join("；") };
}

function number(typed: string): number | null {
  const value = Number(typed);
  return typed.trim() === "" || Number.isNaN(value) ? null : value;
}
