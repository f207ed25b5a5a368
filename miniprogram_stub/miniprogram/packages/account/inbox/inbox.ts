import { get, post, type Shape } from "../../../services/api";
import { when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { pageOf } from "../../../utils/subjects";
import { toneOfKind } from "../words";

screen({
  data: { items: [] as Shown[], next: null as string | null, waiting: false, count: 0, seenBefore: "" },
  async load() {
    const { waiting } = this.data;
    const { items, next, seen_until, unread, waiting: count } = await get("/me/inbox", { query: { waiting } });
    // What was new when the page was opened stays marked while it is open.
    const seenBefore = this.data.state === "loading" ? (seen_until ?? "") : this.data.seenBefore;
    this.setData({ items: items.map((one) => shown(one, seenBefore)), next, count, seenBefore });
    // Not waited for: what did not arrive is still new the next time.
    if (unread && items.length && !waiting) post("/me/inbox/seen", { body: { until: items[0].at } }).catch(() => undefined);
  },
  async more() {
    const { next: after, waiting, seenBefore } = this.data;
    if (!after) return;
    const { items, next } = await get("/me/inbox", { query: { waiting, after } });
    this.setData({ items: [...(this.data.items as Shown[]), ...items.map((one) => shown(one, seenBefore))], next });
  },
  async only(event: WechatMiniprogram.TouchEvent) {
    this.setData({ waiting: event.currentTarget.dataset.waiting as boolean });
    await this.refresh();
  },
});

interface Shown {
  key: string;
  label: string;
  title: string;
  detail: string;
  at: string;
  fresh: boolean;
  waits: boolean;
  tone: string;
  href: string;
}

function shown(item: Shape<"InboxItem">, seenBefore: string): Shown {
  return {
    key: item.kind + item.id,
    label: item.label,
    title: item.title,
    detail: item.detail,
    at: when(item.at),
    fresh: !seenBefore || Date.parse(item.at) > Date.parse(seenBefore),
    waits: item.waits,
    tone: toneOfKind(item.kind),
    href: pageOf(item.subject_type, item.subject_id),
  };
}
