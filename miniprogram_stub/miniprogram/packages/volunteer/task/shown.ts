/** A task as its page shows it. */
import type { Shape } from "../../../services/api";
import type { Held } from "../../../services/held-tasks";
import { acts, withActs } from "../../../services/outbox";
import { when } from "../../../utils/format";
import { checklist, doneAt, doorOf, FAILURES, kilos, lease, span, tone } from "../words";

/** `toHand`: the packages of medicine on their way, by household. */
export function shown(held: Held, toHand: Shape<"MedicineRequest">[]) {
  const { task, waits, ended } = withActs(held, acts());
  const may = (action: string) => !ended && task.allowed_actions.includes(action);
  const medicine = new Map(toHand.map((request) => [request.household_id, request]));
  const left = task.doors - task.doors_done;
  return {
    claim: task,
    tone: tone(task.status),
    span: span(task.starts_at, task.ends_at),
    lease: lease(task),
    times: [task.started_at ? `${when(task.started_at)} 开始` : "", task.done_at ? `${when(task.done_at)} 做完` : ""].filter(Boolean).join("，"),
    stops: task.stops.map((stop) => ({
      position: stop.position,
      name: doorOf(stop),
      note: [`第 ${stop.position} 户`, stop.floor ? `${stop.floor} 楼` : "", kilos(stop.grams), medicine.get(stop.household_id)?.category ?? ""].filter(Boolean).join(" · "),
      request: medicine.get(stop.household_id)?.id ?? "",
      outcome: !stop.outcome ? "" : stop.outcome === "done" ? doneAt(task.kind) : FAILURES[stop.outcome as keyof typeof FAILURES],
      good: stop.outcome === "done",
      waits: waits.includes(stop.position),
    })),
    left,
    percent: task.doors ? Math.round((task.doors_done * 100) / task.doors) : 0,
    ended,
    checks: task.status === "in_progress" && !ended ? checklist(task.kind) : [],
    done: doneAt(task.kind),
    medicine: task.kind === "medicine_delivery",
    may: {
      accept: may("accept"),
      decline: may("decline"),
      start: may("start"),
      extend: may("extend"),
      release: may("release"),
      fail: may("fail"),
      finish: may("done"),
      give: may("hand_over"),
    },
  };
}
