/** After the cut-off an order is not cancelled: one asks to leave it, to pass it on, or for the community's help. */
import { get, post, type Shape } from "../../../services/api";
import { may } from "../../../services/me";
import { back } from "../../../utils/back";
import { door } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import type { Option } from "../options/options";
import { CHANGES } from "../words";

type Kind = Shape<"NewChange">["kind"];
const BUILDING_DIGITS = 20;

screen({
  data: {
    order: null as Shape<"Order"> | null,
    kinds: [] as Option[],
    kind: "leave" as Kind,
    reason: "",
    doors: [] as { id: string; label: string }[],
    taker: -1,
  },

  /** Who has the register at hand passes an order on to a door of it; nobody types an address. */
  async load() {
    const order = await get("/orders/{order_id}", { path: { order_id: this.data.query.order } });
    const knowsDoors = await may("places:household:read");
    const doors = knowsDoors ? await doorsOf(order.place_code.slice(0, BUILDING_DIGITS)) : [];
    this.setData({
      order,
      kinds: [CHANGES.leave, ...(knowsDoors ? [CHANGES.transfer] : []), CHANGES.hardship],
      doors: doors.filter(({ id }) => id !== order.household_id).map((home) => ({ id: home.id, label: `${door(home.place_code)} ${home.room}` })),
    });
  },

  choose(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    this.setData({ kind: event.detail.value as Kind });
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ reason: event.detail.value });
  },

  pick(event: WechatMiniprogram.PickerChange) {
    this.setData({ taker: Number(event.detail.value) });
  },

  async ask() {
    const { kind, reason, doors, taker, query } = this.data;
    const to = kind === "transfer" ? doors[taker] : undefined;
    const { label, note } = CHANGES[kind];
    const { confirm } = await wx.showModal({ title: label, content: `${to ? `转给 ${to.label}。` : ""}${note ?? ""}`, confirmText: "提出申请" });
    if (!confirm) return;
    const body = { kind, reason, to_household_id: to?.id ?? null };
    const asked = await this.act("ask", () => post("/orders/{order_id}/change-requests", { path: { order_id: query.order }, body }), "已提出");
    if (asked) back();
  },
});

/** All the doors of a building, as one walks past them. */
async function doorsOf(place: string): Promise<Shape<"Household">[]> {
  const doors: Shape<"Household">[] = [];
  let after: string | undefined;
  do {
    const page = await get("/households", { query: { place, limit: 100, after } });
    doors.push(...page.items);
    after = page.next ?? undefined;
  } while (after);
  return doors.sort((a, b) => a.place_code.localeCompare(b.place_code) || a.room.localeCompare(b.room, "zh", { numeric: true }));
}
