/** A claim as its page shows it: where it stands, what was offered, what the household may do now. */
import type { Shape } from "../../../services/api";
import { when, yuan } from "../../../utils/format";

export type Claim = Shape<"Claim">;

const ACTIONS: Record<string, { name: string; kind: string; says: string }> = {
  agree: { name: "接受", kind: "", says: "退款按提出的金额退给付款的人，这件事就此办结。" },
  escalate: { name: "请社区裁定", kind: "second", says: "由社区看过照片和双方的话再决定退多少，裁定后不能再改。" },
  withdraw: { name: "撤回", kind: "plain", says: "撤回后不再处理。" },
};

const TONES: Record<string, string> = { open: "warn", offered: "warn", declined: "bad", escalated: "warn", accepted: "good", agreed: "good", covered: "good" };

export function shown(one: Claim) {
  const much = one.grams ? `${one.grams} 克` : `${one.quantity} ${one.share_label}`;
  return {
    id: one.id,
    title: `${one.kind_label}：${one.name} ${much}`,
    text: one.text,
    label: one.status_label,
    tone: TONES[one.status] ?? "",
    filed: `${when(one.created_at)} 提出`,
    money: one.refund_fen != null ? `退款 ¥${yuan(one.refund_fen)}` : one.offered_fen != null ? `团长提出退 ¥${yuan(one.offered_fen)}` : "",
    answer: one.answer ?? "",
    until: one.answer_by ? `最迟 ${when(one.answer_by)} 答复` : "",
    photos: one.photo_ids,
    actions: one.allowed_actions.filter((action) => action in ACTIONS).map((action) => ({ action, ...ACTIONS[action] })),
    revision: one.revision,
  };
}
