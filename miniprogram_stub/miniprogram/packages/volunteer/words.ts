/** The Chinese of tasks where the API gives only a code, and how their effort is written. */
import { clock, day, door } from "../../utils/format";
import type { Shape } from "../../services/api";

/** Why a door or a task did not work out; nobody's fault. */
export const FAILURES = {
  not_home: "家里没人",
  refused: "住户不收",
  wrong_address: "地址不对",
  unsafe: "不安全",
  not_ready: "东西还没准备好",
};
export type FailureCode = keyof typeof FAILURES;

export const EXCUSES = { work: "要上班", family: "家里有事", tired: "太累了", transport: "去不了", other: "其他" };
export const INCIDENTS = { verbal: "辱骂", threat: "威胁", violence: "动手", harassment: "骚扰", unsafe: "环境不安全" };
export const WHY_STOP = {
  vehicle: "车辆故障",
  pharmacy_closed: "药店关门",
  unwell: "身体不适",
  unsafe: "路上不安全",
  called_away: "临时有事",
  other: "其他原因",
};
export const MISSED = { out_of_stock: "缺货", too_dear: "超出最高价", not_sold: "药店不肯卖" };
export const LINES: Record<string, { label: string; tone: string }> = {
  wanted: { label: "待购买", tone: "" },
  substitute_pending: { label: "等住户答复", tone: "warn" },
  bought: { label: "已买到", tone: "good" },
  unavailable: { label: "没有买到", tone: "bad" },
  declined: { label: "住户不要了", tone: "" },
};
export const FORMS: Record<string, string> = {
  tablet: "片剂",
  capsule: "胶囊",
  granule: "颗粒",
  liquid: "口服液",
  drops: "滴剂",
  external: "外用",
  inhaler: "吸入剂",
  injection: "注射剂",
  device: "器械耗材",
  other: "其他",
};
export const REFUSALS = { too_dear: "太贵", no_longer_needed: "不需要了", wrong: "药不对", damaged: "包装破损", other: "其他原因" };

/** What a good visit has; for one's own memory, nothing is sent. */
const WITH_GOODS = ["数目和单子对得上", "放在门口，敲门后退到一米外", "一户一登记，没人在家也登记"];
const CHECKLISTS: Record<string, string[]> = {
  carry: WITH_GOODS,
  medicine_delivery: ["药包号和住户对得上", "先核对是不是本人，再交药", "冷藏药先送"],
  care_visit: ["先问身体怎么样、药够不够", "问缺什么，记下来告诉社区", "走之前留下社区电话"],
  care_call: ["先说自己是谁、从哪里打来", "问身体、吃饭、用药", "有急事马上告诉社区"],
  gate_shift: ["接班时点清物品", "进出都看通行凭证", "交班时说清没办完的事"],
  disinfection: ["穿好防护再配药", "扶手、按钮、门把手都擦到", "剩下的药水交回"],
  patient_escort: ["证件、病历、医保卡带好", "路线和回来的时间说好", "送到家门口再走"],
};
export const checklist = (kind: string): string[] => CHECKLISTS[kind] ?? (["unload", "sort", "pack"].includes(kind) ? ["数目和单子对得上", "先进先出，轻拿轻放", "坏的挑出来单独放"] : []);

/** Where nothing is brought, a door is "done" in other words. */
export const doneAt = (kind: string): string => (["care_visit", "care_call", "patient_escort", "other"].includes(kind) ? "办好了" : "送到了");

const TONES: Record<string, string> = {
  assigned: "warn",
  in_progress: "good",
  done: "warn",
  verified: "good",
  failed: "bad",
  no_show: "bad",
};
export const tone = (status: string): string => TONES[status] ?? "";

export function minutes(count: number): string {
  const hours = Math.floor(count / 60);
  if (!hours) return `${count} 分钟`;
  return count % 60 ? `${hours} 小时 ${count % 60} 分钟` : `${hours} 小时`;
}

export const kilos = (grams: number): string => (grams ? `${Math.round(grams / 100) / 10} 公斤` : "");

/** 约 30 分钟 · 40 公斤 · 最高 6 楼 · 两人同去 */
export function effort(task: { minutes: number; grams: number; floor?: number | null; needs_pair: boolean }): string {
  const parts = [`约 ${minutes(task.minutes)}`, kilos(task.grams), task.floor ? `最高 ${task.floor} 楼` : "", task.needs_pair ? "两人同去" : ""];
  return parts.filter(Boolean).join(" · ");
}

/** 今天 19:00–22:00 */
export function span(from: string, until: string): string {
  const end = day(from) === day(until) ? clock(until) : `${day(until)} ${clock(until)}`;
  return `${day(from)} ${clock(from)}–${end}`;
}

const BY_THEN: Record<string, string> = { assigned: "答复", claimed: "开始", accepted: "开始", in_progress: "办完" };
const ELSE: Record<string, string> = {
  assigned: "不接受也没关系",
  claimed: "来不及可以再要一点时间，也可以退回",
  accepted: "来不及可以再要一点时间，也可以退回",
  in_progress: "来不及可以再要一点时间",
};

/** Until when it is theirs, and what to do if that is too soon. */
export function lease(claim: Shape<"TaskClaim">): string {
  if (!claim.lease_until || !BY_THEN[claim.status]) return "";
  return `请在 ${day(claim.lease_until)} ${clock(claim.lease_until)} 前${BY_THEN[claim.status]}，${ELSE[claim.status]}。`;
}

export const doorOf = (stop: { place_code: string; room: string }): string => `${door(stop.place_code)} ${stop.room}`;

/** A list of a words table, as pickers and action sheets want it. */
export const listOf = <T extends object>(words: T): { codes: (keyof T & string)[]; labels: string[] } => ({
  codes: Object.keys(words) as (keyof T & string)[],
  labels: Object.values(words) as string[],
});
