// The Chinese for the API's identifiers, and how days and moments are written. Rules live in the API alone.

export const ACTIONS = {
  submit: "一键申报", take_up: "开始审核", approve: "审核通过", return: "退回补正", resubmit: "补正后重新提交",
  lapse: "逾期失效", withdraw: "撤回申报", reject: "不予通过", publish: "同意并公示", freeze: "暂停公示", resume: "恢复公示",
  certify: "认定", fail: "终止", suspend: "暂停认定", restore: "恢复认定", strike_off: "出现确诊，除名", revoke: "查实弄虚作假，除名",
};

export const OBJECTION_ACTIONS = { admit: "受理", dismiss: "不予受理", uphold: "异议成立", overrule: "异议不成立" };

export const OBJECTION_TONES = { received: "wait", admitted: "wait", upheld: "bad" };

export const CHANNELS = { online: "网上", phone: "电话", paper: "书面", in_person: "当面" };

export const CATEGORIES = {
  confirmed: "确诊", suspected: "疑似", fever: "发热", close_contact: "密切接触者", asymptomatic: "无症状感染者",
};

export const OUTCOMES = { released: "解除观察", excluded: "排除", confirmed: "转为确诊" };

export const RECORDS = { daily_record: "日报", case_event: "病例登记", missing_day: "没有日报", sub_unit: "楼栋单元" };

/** What a person enters on a daily record, in the order of the day's round. */
export const MEASURES = {
  entrances: "出入口（个）", open_gates: "开放的出入口（个）", gate_inspections: "门岗检查（次）",
  households_reached: "排查到的户数", disinfection_rounds: "消杀（次）", disinfected_area: "消杀面积（平方米）",
  supply_requests: "生活需求（件）", supply_met: "已满足（件）", publicity_actions: "宣传（次）",
  disputes_open: "未化解矛盾（件）", disputes_handled: "已化解矛盾（件）",
};

export const FLAGS = {
  lives_alone: "独居", no_smartphone: "没有智能手机", hardship: "困难", medical_family: "医护家属", chronic_illness: "慢性病",
};

const TONES = {
  certified: "good", public_notice: "notice", suspended: "bad", revoked: "bad",
  none: "plain", withdrawn: "plain", lapsed: "plain", rejected: "plain",
};
export const tone = (status) => TONES[status] ?? "wait";

const ZONE = { timeZone: "Asia/Shanghai" };
const MOMENT = new Intl.DateTimeFormat("zh-CN", { ...ZONE, month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });
const TODAY = new Intl.DateTimeFormat("sv-SE", ZONE);

export const moment = (iso) => (iso ? MOMENT.format(new Date(iso)) : "");
export const today = () => TODAY.format(new Date());

/** 2026-12-06 → 12月6日, with the year when asked for. */
export function day(iso, year = false) {
  const [y, m, d] = iso.split("-").map(Number);
  return `${year ? `${y}年` : ""}${m}月${d}日`;
}

/** The day `n` days after a day. */
export function later(iso, n) {
  const at = new Date(`${iso}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + n);
  return at.toISOString().slice(0, 10);
}
