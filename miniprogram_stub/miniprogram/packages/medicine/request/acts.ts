/** What is done with a request in more than one step. Each is called inside the page's act(). */
import type { Request } from "../../../pages/medicine/words";
import { lookAtImage, post, postImage, type Shape } from "../../../services/api";
import type { Consent } from "../../../utils/household";

export interface Looked {
  /** By line, and by question for what is proposed instead. */
  names: Record<string, string>;
  /** What was written beside the lines. */
  beside: { name: string; text: string }[];
  pictures: string[];
}

/** Recorded: who looked, when, and what for. */
export async function lookInto(request: Request, purpose: Shape<"MedicineReveal">["purpose"]): Promise<Looked> {
  const [clear, ...pictures] = await Promise.all([
    post("/medicine-requests/{request_id}/reveal", { path: { request_id: request.id }, body: { purpose } }),
    ...request.photo_ids.map((id) => lookAtImage(`/medicine-photos/${id}/reveal`, { purpose })),
  ]);
  const named = [...clear.lines, ...clear.substitutes].map((one) => [one.id, [one.name, one.specification, one.maker].filter(Boolean).join("，")]);
  const beside = [
    { name: "核对的人问", text: clear.question ?? "" },
    { name: "住户说明", text: clear.note ?? "" },
    { name: "病种", text: clear.disease ?? "" },
  ];
  return { names: Object.fromEntries(named), beside: beside.filter((one) => one.text), pictures };
}

export async function answerChecker(request: Request, files: string[], note: string, consent: Consent | null): Promise<Request> {
  const photo_ids: string[] = [];
  for (const file of files) {
    const { id } = await postImage("/medicine-photos", file, { query: { household: request.household_id } });
    photo_ids.push(id);
  }
  const body = { revision: request.revision, note: note.trim() || null, photo_ids, consent };
  return post("/medicine-requests/{request_id}/amend", { path: { request_id: request.id }, body });
}

/** A signature of the household's side says how it agreed; whoever gives a paper back speaks for themselves. */
export function sign(id: string, action: string, revision: number, consent: Consent | null) {
  const path = { receipt_id: id };
  if (action === "give_back") return post("/custody-receipts/{receipt_id}/give-back", { path, body: { revision } });
  const at = action === "sign_over" ? "/custody-receipts/{receipt_id}/sign-over" : "/custody-receipts/{receipt_id}/sign-back";
  return post(at, { path, body: { revision, consent } });
}
