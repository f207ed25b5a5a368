/** What the public register says of a place, as a board at the gate would say it. Statuses and reasons are worded by the
 * server; here is only what they look like. */
import type { Shape } from "../services/api";
import { day, left, when } from "./format";

type PublicPlace = Shape<"PublicPlace">;

export interface BoardRow {
  code: string;
  name: string;
  label: string;
  tone: string;
  href: string;
}

export interface Board {
  code: string;
  name: string;
  lies_in: { code: string; name: string; href: string }[];
  as_of: string;
  tone: string;
  headline: string;
  sentence: string;
  number: string;
  unit: string;
  numberLabel: string;
  numberNote: string;
  facts: { name: string; value: string }[];
  reasonsTitle: string;
  reasons: { title: string; why: string; fix: string }[];
  earliest: string;
  rowsTitle: string;
  rows: BoardRow[];
  notice: ReturnType<typeof noticeShown> | null;
}

const TONES: Record<string, string> = {
  certified: "good",
  public_notice: "brand",
  notice_frozen: "warn",
  suspended: "bad",
  revoked: "bad",
};

/** What a status means for whoever lives there, where its name alone does not say it. */
const SENTENCES: Record<string, string> = {
  certified: "疫情零发生、防控全到位，两项标准都达到了。",
  public_notice: "审核已通过。公示期满没有异议，就会认定。",
  notice_frozen: "正在核实情况，核实后接着公示，公示期不会缩短。",
  revoked: "原来的认定已经取消，满足条件后可以重新申报。",
};

export function toneOf(status: string): string {
  return TONES[status] ?? "";
}

export function placeHref(code: string): string {
  return `/packages/community/place/place?code=${code}`;
}

export function board(place: PublicPlace): Board {
  const shared = {
    code: place.code,
    name: place.name,
    lies_in: place.lies_in.map(({ code, name }) => ({ code, name, href: placeHref(code) })),
    as_of: day(place.as_of),
  };
  return place.kind === "compound" ? { ...shared, ...ofCompound(place) } : { ...shared, ...ofLarger(place) };
}

export function shareCard(shown: Board | null): WechatMiniprogram.Page.ICustomShareContent {
  return { title: shown ? `${shown.name}：${shown.headline || "无疫情小区查询"}` : "安邻", path: shown ? placeHref(shown.code) : "/pages/home/home" };
}

export function noticeShown(notice: Shape<"Notice">, now = Date.now()) {
  const ends = notice.ends_at ?? "";
  return {
    id: notice.application_id,
    name: notice.unit_name,
    frozen: notice.frozen,
    period: notice.frozen || !ends ? "已暂停，恢复后接着计时" : `${when(ends, now)} 截止`,
    left: notice.frozen || !ends ? "" : left(ends, now),
    responsible: notice.responsible.join("，"),
    contact: notice.contact ?? "",
    placeHref: placeHref(notice.unit_code),
    objectHref: `/packages/community/object/object?application=${notice.application_id}&place=${notice.unit_code}`,
  };
}

type Part = Omit<Board, "code" | "name" | "lies_in" | "as_of">;

function ofCompound(place: PublicPlace): Part {
  const status = place.status ?? "none";
  const reasons = place.why_not_yet ?? [];
  const facts: Board["facts"] = [];
  if (typeof place.certified_days === "number") facts.push({ name: "认定以来", value: place.certified_days ? `${place.certified_days} 天` : "今天刚认定" });
  if (place.batch) facts.push({ name: "认定批次", value: `第 ${place.batch.number} 批，${day(place.batch.day)}` });
  return {
    tone: toneOf(status),
    headline: place.status_label ?? "",
    sentence: SENTENCES[status] ?? (status === "none" && !reasons.length ? "现在各项都已达标，今天就可以申报。" : ""),
    ...streak(place),
    facts,
    reasonsTitle: status === "suspended" ? "为什么暂停" : "为什么还没有认定",
    reasons,
    earliest: place.earliest_on && reasons.length ? `${day(place.earliest_on)}${place.earliest_certain ? "" : "（如果有关人员按时解除）"}` : "",
    rowsTitle: "",
    rows: [],
    notice: place.notice ? noticeShown(place.notice) : null,
  };
}

function streak(place: PublicPlace) {
  const days = place.streak_days;
  if (typeof days !== "number") return { number: "", unit: "", numberLabel: "", numberNote: "从有记录以来没有疫情。" };
  const last = place.last_event_on ? `最近一次是${day(place.last_event_on)}` : "";
  return { number: `${days}`, unit: "天", numberLabel: "连续无疫情", numberNote: days === 0 && !place.earliest_certain ? "今天仍有人员没有解除" : last };
}

function ofLarger(place: PublicPlace): Part {
  const compounds = place.compounds ?? [];
  const rows = compounds.length
    ? compounds.map(({ code, name, status, status_label }) => ({ code, name, label: status_label, tone: toneOf(status), href: placeHref(code) }))
    : (place.parts ?? []).map(({ code, name, total, certified }) => ({ code, name, label: `${certified} / ${total} 个小区已认定`, tone: "", href: placeHref(code) }));
  return {
    tone: "",
    headline: "",
    sentence: place.total ? "" : "这里还没有登记小区。",
    number: place.total ? `${place.certified as number} / ${place.total}` : "",
    unit: place.total ? "个小区" : "",
    numberLabel: place.total ? "已认定为无疫情小区" : "",
    numberNote: "",
    facts: [],
    reasonsTitle: "",
    reasons: [],
    earliest: "",
    rowsTitle: compounds.length ? "各小区情况" : "下一级情况",
    rows,
    notice: null,
  };
}
