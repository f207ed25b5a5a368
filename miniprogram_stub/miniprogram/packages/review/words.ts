/** The Chinese for what the API gives as codes only, as reviewers say it. */

export interface Act {
  label: string;
  /** main: what moves the application on. */
  kind: "main" | "second" | "danger";
  /** What happens when it is signed. */
  says: string;
  asks?: ("reason" | "note" | "items" | "contact" | "answers")[];
}

/** In the order in which they are offered. */
export const ACTS: Record<string, Act> = {
  take_up: { label: "开始审核", kind: "main", says: "申报人会看到已经开始审核。" },
  approve: { label: "审核通过", kind: "main", says: "转交区指挥部审核。" },
  publish: { label: "同意并公示", kind: "main", says: "公示上写明申报人、区审核人（隐去名字）和监督电话，任何人都可以提异议。", asks: ["contact"] },
  certify: { label: "认定", kind: "main", says: "系统会按今天的记录再核对一遍，然后编入今天的批次，立即公开。" },
  resubmit: { label: "补正后重新提交", kind: "main", says: "系统会按今天的记录重新核对退回的项目。", asks: ["answers"] },
  return: { label: "退回补正", kind: "second", says: "只有选中的项目重新打开，其余的不用再办。", asks: ["items", "reason"] },
  reject: { label: "不予通过", kind: "danger", says: "这份申报到此结束，原因会告诉申报人。", asks: ["reason"] },
  revoke: { label: "查实造假，除名", kind: "danger", says: "认定立即取消，并立案问责。", asks: ["reason"] },
  withdraw: { label: "撤回申报", kind: "danger", says: "这份申报到此结束，以后可以重新申报。", asks: ["note"] },
};

export const OBJECTION_ACTS: Record<string, Act> = {
  admit: { label: "受理", kind: "main", says: "公示的时间先停下来，等您答复后再接着走。" },
  overrule: { label: "异议不成立", kind: "main", says: "答复异议人，公示接着走，剩下的时间不减。", asks: ["reason"] },
  dismiss: { label: "不予受理", kind: "second", says: "不属于公示内容的，说明原因。", asks: ["reason"] },
  uphold: { label: "异议成立", kind: "danger", says: "这份申报到此结束，过了规定的天数才能重新申报。", asks: ["reason"] },
};

export const ITEMS: Record<string, string> = {
  zero_occurrence: "疫情零发生",
  closed_management: "封闭管理",
  screening: "排查摸底",
  disinfection: "消杀",
  supply_assurance: "生活保障",
  stability: "维护稳定",
  publicity: "宣传发动",
  mobilisation: "组织发动",
};

/** What a daily sheet says of an item. */
export const MEASURES: Record<string, [name: string, label: string][]> = {
  closed_management: [["entrances", "出入口"], ["open_gates", "开放"], ["gate_inspections", "门岗检查"]],
  screening: [["households_reached", "排查到户"], ["households", "登记户数"]],
  disinfection: [["disinfection_rounds", "消杀次数"], ["disinfected_area", "平方米"]],
  supply_assurance: [["supply_requests", "需求"], ["supply_met", "已满足"]],
  stability: [["disputes_open", "未化解"], ["disputes_handled", "已化解"]],
  publicity: [["publicity_actions", "宣传次数"]],
  mobilisation: [["roles_held", "到岗"], ["roles_needed", "需要"]],
};

export const CATEGORIES: Record<string, string> = { confirmed: "确诊", suspected: "疑似", fever: "发热", close_contact: "密切接触者", asymptomatic: "无症状感染者" };

export const TONES: Record<string, string> = { certified: "good", public_notice: "brand", notice_frozen: "warn", returned: "bad", suspended: "bad", revoked: "bad", rejected: "bad", admitted: "warn", received: "warn", upheld: "bad" };

export const CHANNELS: Record<string, string> = { online: "网上提的", phone: "打电话说的", paper: "书面", in_person: "当面说的" };

export const PURPOSES = [
  { name: "verify", label: "核实情况" },
  { name: "answer", label: "答复异议" },
] as const;

/** The acts that the server offers, in order. */
export function offered(acts: Record<string, Act>, allowed: string[]) {
  return Object.keys(acts).filter((name) => allowed.includes(name)).map((name) => ({ name, label: acts[name].label, kind: acts[name].kind }));
}
