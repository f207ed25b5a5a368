/** Medicine in words, for the tab and its package: what is next, and whether it is mine to do. Nothing here names a
 * medicine. */
import type { Shape } from "../../services/api";
import { day, door, left, yuan } from "../../utils/format";

export type Request = Shape<"MedicineRequest">;
export type Question = Shape<"MedicineQuestion">;
type Tone = "good" | "warn" | "bad" | "brand" | "";

export const CHECK = "medicine:request:check";
export const FOR_OTHERS = "medicine:request:for_others";
export const REVEAL = "medicine:request:reveal";
export const MAKE = "medicine:request:make";

const TONES: Record<string, Tone> = {
  needs_info: "bad",
  held_for_prescription: "warn",
  substitute_pending: "bad",
  unavailable: "warn",
  refused: "warn",
  bought: "good",
  delivering: "good",
  delivered: "good",
  settled: "good",
  cancelled: "",
};
export const tone = (status: string): Tone => TONES[status] ?? "brand";

/** What happens now, and in YOURS what the household has to do itself. */
const NEXT: Record<string, string> = {
  submitted: "等另一个人对照照片核对",
  needs_info: "核对的人有问题，等回答",
  held_for_prescription: "等处方或医保卡",
  checked: "已核对，等安排人去买",
  planned: "已经安排好，等志愿者出发",
  buying: "志愿者正在药店买",
  substitute_pending: "药店有变化，等住户答复",
  bought: "买到了，正在带回来",
  unavailable: "这次没有买到，会再安排，不用重填",
  delivering: "正在送上门",
  delivered: "已送到",
};
const YOURS: Record<string, string> = {
  held_for_prescription: "请把处方或医保卡交给来取的人，双方签字",
  delivering: "正在送来，开门时报收药码",
  delivered: "已送到，还有药费没付或证件没还",
};
export const OVER = ["settled", "cancelled", "refused", "returned_to_pharmacy", "re_offered"];

export const home = (one: { place_code: string; room: string }): string => `${door(one.place_code)} ${one.room} 室`;

export function asked(question: Question): string {
  return question.kind === "price"
    ? `药店要 ¥${yuan(question.fen)}，超过您定的最高价。还买吗？`
    : `没有原来的药，可以换一种，一共 ¥${yuan(question.fen)}。换吗？`;
}

/** The questions of the counter that the person may answer. */
export const toAnswer = (request: Request): Question[] => request.questions.filter((one) => one.allowed_actions.length > 0);

/** What is next, in words; `mine`: it waits for the person who reads it, for their own home or for a neighbour's. */
export function next(request: Request): { words: string; mine: boolean } {
  const [question] = toAnswer(request);
  if (question) return { words: `${asked(question)}${left(question.answer_by)}`, mine: true };
  const theirs = !request.must_ask;
  if (request.allowed_actions.includes("amend")) return { words: `核对的人有问题，请${theirs ? "您" : "替住户"}回答`, mine: true };
  const mine = theirs && request.status in YOURS;
  return { words: mine ? YOURS[request.status] : (NEXT[request.status] ?? ""), mine };
}

/** A row of a list: by kind and door, never by name. */
export function toRow(request: Request, homes: string[]) {
  const own = homes.includes(request.household_id);
  const { words, mine } = next(request);
  return {
    id: request.id,
    category: request.category,
    where: `${own ? "我家" : home(request)}，${day(request.needed_on)}要用`,
    label: request.status_label,
    tone: tone(request.status),
    next: mine ? words : "", // else the label tells it
    mine,
    over: OVER.includes(request.status),
  };
}
export type Row = ReturnType<typeof toRow>;
