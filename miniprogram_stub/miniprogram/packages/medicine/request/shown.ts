/** One request as its page shows it. What the medicines are called comes from a recorded look alone. */
import { asked, home, next, OVER, tone, toAnswer, type Request } from "../../../pages/medicine/words";
import type { Shape } from "../../../services/api";
import { day, left, when, yuan } from "../../../utils/format";
import type { TimelineStep } from "../../../components/timeline/timeline";

type Line = Shape<"MedicineLine">;
type Receipt = Shape<"CustodyReceipt">;

const WAY = ["登记", "另一个人核对", "安排人去买", "去药店", "买到", "送到门口", "付清"];
/** How many steps of the way are behind a request. */
const BEHIND: Record<string, number> = {
  submitted: 1,
  needs_info: 1,
  held_for_prescription: 2,
  checked: 2,
  unavailable: 2,
  planned: 3,
  buying: 3,
  substitute_pending: 3,
  bought: 5,
  delivering: 5,
  delivered: 6,
  settled: WAY.length,
  refused: 5,
  returned_to_pharmacy: 5,
  re_offered: 5,
  cancelled: 1,
};

export function timeline(request: Request, words: string): TimelineStep[] {
  const behind = BEHIND[request.status] ?? 0;
  const ended = OVER.includes(request.status) && behind < WAY.length;
  const done = WAY.slice(0, behind).map((name, at): TimelineStep => ({ name, note: at ? "" : when(request.created_at), state: "done" }));
  if (ended) return [...done, { name: request.status_label, note: "", state: "ended" }];
  return done.concat(WAY.slice(behind).map((name, at) => ({ name, note: at ? "" : words, state: at ? "next" : "now" })));
}

function line(one: Line) {
  const how = [
    `最多花 ¥${yuan(one.ceiling_fen)}`,
    one.substitution ? "可以问我换一种" : "不换药",
    one.prescription && "凭处方",
    one.cold && "要冷藏",
    typeof one.days_left === "number" && `家里还够 ${one.days_left} 天`,
    one.days_each && `长期要吃，一盒 ${one.days_each} 天`,
  ];
  return { id: one.id, what: `${one.form_label} ${one.quantity} 盒`, how: how.filter(Boolean).join("，"), label: one.status_label, tone: tone(one.status) };
}

export function shown(request: Request, own: boolean) {
  const { words } = next(request);
  return {
    where: own ? "我家" : home(request),
    category: request.category,
    label: request.status_label,
    tone: tone(request.status),
    needed: OVER.includes(request.status) ? "" : `${day(request.needed_on)}要用`,
    over: OVER.includes(request.status),
    erased: Boolean(request.erased_on),
    erase: day(request.erase_on),
    photos: request.photo_ids.length,
    steps: timeline(request, words),
    lines: request.lines.map(line),
    questions: toAnswer(request).map((one) => ({ id: one.id, words: asked(one), left: left(one.answer_by), price: yuan(one.fen), kind: one.kind })),
    papers: papers(request),
  };
}

export function can(request: Request, keepsPapers: boolean): Record<string, boolean> {
  const may = (action: string) => request.allowed_actions.includes(action);
  return {
    check: may("check") || may("hold"),
    ask: may("ask_info"),
    amend: may("amend"),
    cancel: may("cancel"),
    pay: may("pay"),
    repeat: may("repeat"),
    take: keepsPapers && !OVER.includes(request.status),
  };
}

export const payment = (one: Shape<"Payment">) => ({ id: one.id, words: `${one.method_label} ¥${yuan(one.amount_fen)}，${one.status_label}` });

function papers(request: Request): { name: string; state: string }[] {
  return [
    { name: "处方", needed: request.prescription, there: request.prescription_in },
    { name: "医保卡", needed: request.insurance_card, there: request.card_in },
  ]
    .filter((one) => one.needed)
    .map(({ name, there }) => ({ name, state: there ? "已收到" : "还没有收到" }));
}

/** What may be done with a paper, as whoever signs reads it. */
export const PAPER_ACTS: Record<string, { label: string; says: string }> = {
  sign_over: { label: "签字：已交出", says: "确认这件东西已经交给来取的人保管。" },
  give_back: { label: "我已交还", says: "确认已经交还住户。住户也要签字。" },
  sign_back: { label: "签字：已收回", says: "确认这件东西已经回到住户手里。" },
};

export function receipt(one: Receipt) {
  const acts = one.allowed_actions.map((action) => ({ action, label: PAPER_ACTS[action].label }));
  return { id: one.id, what: one.what_label, label: one.status_label, since: when(one.created_at), revision: one.revision, acts };
}

export const PAPERS = [
  { what: "insurance_card", label: "医保卡" },
  { what: "prescription", label: "处方" },
  { what: "identity_card", label: "身份证" },
] as const;
