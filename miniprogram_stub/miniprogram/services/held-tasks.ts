/** What a phone keeps of the tasks in its holder's hands, so that the work goes on in a stairwell without a network. The
 * phone cannot encrypt it, so it is kept only while the server says that the task is theirs, and never longer than a
 * shift. A phone number is never kept. */
import type { Shape } from "./api";

export type Held = Shape<"TaskClaimDoors">;

const KEPT = "held-tasks";
const SHIFT_MS = 12 * 3600_000;

/** Keeps a task that is at work; one that no longer is, is erased. */
export function keep(task: Held): void {
  if (task.status === "in_progress") save({ ...all(), [task.id]: { task, at: Date.now() } });
  else erase(task.id);
}

export function heldTask(id: string): Held | null {
  return all()[id]?.task ?? null;
}

export function heldTasks(): Held[] {
  return Object.values(all()).map(({ task }) => task);
}

/** The work is told as over: nobody needs the addresses any more, even before the server knows. */
export function eraseDoors(id: string): void {
  const kept = all();
  const one = kept[id];
  if (one) save({ ...kept, [id]: { ...one, task: { ...one.task, stops: [] } } });
}

export function erase(id: string): void {
  eraseUnless((one) => one !== id);
}

/** Everything but what is still theirs; what is older than a shift goes in any case. */
export function eraseUnless(theirs: (id: string) => boolean): void {
  save(Object.fromEntries(Object.entries(all()).filter(([id]) => theirs(id))));
}

type Kept = Record<string, { task: Held; at: number }>;

function all(): Kept {
  const kept = (wx.getStorageSync(KEPT) || {}) as Kept;
  return Object.fromEntries(Object.entries(kept).filter(([, { at }]) => Date.now() - at < SHIFT_MS));
}

function save(kept: Kept): void {
  if (Object.keys(kept).length) wx.setStorageSync(KEPT, kept);
  else wx.removeStorageSync(KEPT);
}
