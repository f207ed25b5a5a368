/** What is open around one's home, each in the one or two lines that the first page has for it. Where one of them does
 * not answer, the rest of the page stands, and that part shows what it showed before (`before`). */
import { get, look, type Shape } from "../../services/api";
import { left, when } from "../../utils/format";
import { pageOf } from "../../utils/subjects";

export interface Pickup {
  order: string;
  title: string;
  number: string;
  advice: string;
  href: string;
}

export interface Waiting {
  items: { id: string; about: string; title: string; note: string; href: string }[];
  unread: number;
}

export const NOTHING: Waiting = { items: [], unread: 0 };

export interface Open {
  id: string;
  title: string;
  note: string;
  href: string;
}

const CAMPAIGNS_SHOWN = 3;
const WAITING_SHOWN = 3;

/** The next order to fetch, with its number as soon as it has one. */
export function pickupOf(before: Pickup | null): Promise<Pickup | null> {
  return orElse(before, async () => {
    const orders = await get("/orders");
    const ready = orders.items.find(({ status }) => status === "ready");
    if (!ready) return null;
    const pickup = await get("/orders/{order_id}/pickup", { path: { order_id: ready.id } });
    return {
      order: ready.id,
      title: ready.title,
      number: typeof pickup.number === "number" ? `${pickup.number}` : "",
      advice: pickup.advice,
      href: `/packages/groupbuy/order/order?id=${ready.id}`,
    };
  });
}

/** What waits for the person's answer, and how much is new to them. */
export function waitingFor(before: Waiting): Promise<Waiting> {
  return orElse(before, async () => {
    const { items, unread } = await get("/me/inbox", { query: { waiting: true, limit: WAITING_SHOWN } });
    return {
      items: items.map((one) => ({
        id: one.kind + one.id,
        about: one.subject_id,
        title: one.label,
        note: `${one.title}。${one.detail}`,
        href: pageOf(one.subject_type, one.subject_id) || "/packages/account/inbox/inbox",
      })),
      unread,
    };
  });
}

export function campaignsAt(place: string, before: Open[]): Promise<Open[]> {
  return orElse(before, async () => {
    const { items } = await look("/public/campaigns", { query: { place } });
    return items
      .filter(({ status }) => status === "open")
      .slice(0, CAMPAIGNS_SHOWN)
      .map((one: Shape<"Campaign">) => ({
        id: one.id,
        title: one.title,
        note: `${when(one.cut_off_at)} 截单，${left(one.cut_off_at)}`,
        href: `/packages/groupbuy/campaign/campaign?id=${one.id}`,
      }));
  });
}

/** "3 个小区正在公示": of the district in which a place lies. */
export function noticesIn(place: string, before: string): Promise<string> {
  return orElse(before, async () => {
    const { items, next } = await look("/public/notices", { query: { district: place.slice(0, 6) } });
    return items.length ? `${items.length}${next ? " 个以上" : " 个"}` : "";
  });
}

function orElse<T>(before: T, ask: () => Promise<T>): Promise<T> {
  return ask().catch(() => before);
}
