/** What was done at a door is written down on the phone first, with its own time, and told to the server when there is a
 * network: now, when it comes back, or when the app is next opened. An act stays until the server has answered it; what
 * the server does not take stays, with its words, until the person has read them.
 *
 * Nothing is told twice: each act is one request, and its key is kept with it until the answer is there. */
import { post, Problem, type Shape } from "./api";
import { serverTime } from "./clock";
import { eraseDoors, eraseUnless, type Held } from "./held-tasks";
import { newKey } from "./intents";
import { onNetwork } from "./network";

type Event = Shape<"TaskEvent">;
/** `key`: of the request that tells it. `said`: why the server did not take it; "" while it waits. `title`: the act in
 * words. */
export interface Act {
  key: string;
  event: Event;
  title: string;
  said: string;
}
export type Deed = Omit<Event, "claim_id" | "at">;

// --- The queue, on values alone ---------------------------------------------------------------------------------

export const waiting = (acts: Act[]) => acts.filter((act) => !act.said);
export const refused = (acts: Act[]) => acts.filter((act) => act.said);

/** The queue after one of its acts was answered: gone when it was taken, kept with the server's words when not. */
export function answeredWith(acts: Act[], act: Act, said: string): Act[] {
  return acts.flatMap((one) => (!same(one, act) ? [one] : said ? [{ ...one, said }] : []));
}

/** How its holder ended a task, where the server does not know it yet. */
export function endOf(claimId: string, acts: Act[]): "done" | "fail" | "" {
  const last = waiting(acts).find(({ event }) => event.claim_id === claimId && event.action !== "settle");
  return last ? (last.event.action as "done" | "fail") : "";
}

/** A task as its holder left it: with what the server does not know yet. */
export function withActs(task: Held, acts: Act[]): { task: Held; waits: number[]; ended: "done" | "fail" | "" } {
  const own = waiting(acts).filter(({ event }) => event.claim_id === task.id);
  const at = new Map(own.filter(({ event }) => event.action === "settle").map(({ event }) => [event.position, event.outcome]));
  const stops = task.stops.map((stop) => ({ ...stop, outcome: stop.outcome ?? at.get(stop.position) ?? null }));
  return {
    task: { ...task, stops, doors_done: stops.length ? stops.filter((stop) => stop.outcome).length : task.doors_done },
    waits: [...at.keys()].filter((position): position is number => typeof position === "number"),
    ended: endOf(task.id, acts),
  };
}

function same(one: Act, other: Act): boolean {
  return JSON.stringify(one.event) === JSON.stringify(other.event);
}

// --- The phone's copy -------------------------------------------------------------------------------------------

const KEPT = "outbox";
const hearing = new Set<() => void>();

export function acts(): Act[] {
  return (wx.getStorageSync(KEPT) || []) as Act[];
}

function save(queue: Act[]): void {
  wx.setStorageSync(KEPT, queue);
  hearing.forEach((heard) => heard());
}

/** Told at each change; returns how to stop. */
export function onOutbox(heard: () => void): () => void {
  hearing.add(heard);
  return () => hearing.delete(heard);
}

// --- Telling ----------------------------------------------------------------------------------------------------

const TOO_LATE = "这一项已经不在您手里，或者别人先登记了。您做的没有丢，协调员看得到。";
let online = true;
let carrying: Promise<void> | null = null;

/** Writes down what was done, and tells it if it can. True: the server knows. False: it waits. A refusal is thrown. */
export async function tell(claimId: string, deed: Deed, title: string): Promise<boolean> {
  const act: Act = { key: newKey(), event: { ...deed, claim_id: claimId, at: serverTime() }, title, said: "" };
  save([...acts(), act]);
  if (deed.action !== "settle") eraseDoors(claimId);
  if (online) await carry();
  const left = acts().find((one) => same(one, act));
  if (!left?.said) return !left;
  putAway(left);
  throw new Problem(409, "refused", left.said);
}

/** Sends what waits, in its order, until the network fails; one carrier at a time. */
export function carry(): Promise<void> {
  carrying ??= sendAll().finally(() => {
    carrying = null;
  });
  return carrying;
}

async function sendAll(): Promise<void> {
  for (let act = waiting(acts())[0]; act; act = waiting(acts())[0]) {
    try {
      const { results } = await post("/task-events", { body: { events: [act.event] } }, act.key);
      const [told] = results;
      save(answeredWith(acts(), act, told.outcome === "taken" ? "" : (told.detail ?? TOO_LATE)));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.passing || error.status === 401) return; // it waits for the next time
      save(answeredWith(acts(), act, error.detail));
    }
  }
}

/** Read, and nothing more to do about it. */
export function putAway(act: Act): void {
  save(acts().filter((one) => !same(one, act)));
}

/** Once more, as what it was, but asked anew: the network and the phone's clock may be right now. */
export function tellAgain(act: Act): Promise<void> {
  save(acts().map((one) => (same(one, act) ? { ...one, key: newKey(), said: "" } : one)));
  return carry();
}

/** When the app opens. */
export function startOutbox(): void {
  eraseUnless(() => true);
  onNetwork((now) => {
    online = now;
    if (now) void carryAndSay();
  });
}

let saying: Promise<void> | null = null;

/** What was refused while the person looks at something else is said to them there, once. */
export function carryAndSay(): Promise<void> {
  saying ??= say().catch(console.error).finally(() => {
    saying = null;
  });
  return saying;
}

async function say(): Promise<void> {
  const before = refused(acts()).length;
  await carry();
  const found = refused(acts());
  if (found.length <= before) return;
  const { confirm } = await wx.showModal({
    title: "有补交的没有记上",
    content: found.map(({ title, said }) => `${title}：${said}`).join("\n"),
    confirmText: "去看看",
    cancelText: "稍后",
  });
  if (confirm) wx.navigateTo({ url: "/packages/volunteer/mine/mine" });
}
