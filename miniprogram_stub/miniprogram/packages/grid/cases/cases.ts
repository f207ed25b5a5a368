import { get, post, type Shape } from "../../../services/api";
import { may } from "../../../services/me";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { today } from "../sheets";
import { CATEGORIES, OUTCOMES } from "../words";

const ENDS = ["released", "excluded"] as const;

screen({
  data: {
    title: "",
    open: [] as ReturnType<typeof shown>[],
    closed: [] as ReturnType<typeof shown>[],
    next: null as string | null,
    closes: false,
    today: today(),
    ends: ENDS.map((name, at) => ({ name: name as string, label: OUTCOMES[name], chosen: at === 0 })),
    asked: null as ReturnType<typeof shown> | null,
    outcome: ENDS[0] as string,
    on: today(),
    reason: "",
  },
  async load() {
    const place = this.data.query.place;
    const [page, about, closes] = await Promise.all([get("/cases", { query: { place } }), get("/places/{code}", { path: { code: place } }), may("cases:case:record")]);
    const events = page.items.flatMap((one) => one.events).map(shown);
    this.setData({ title: about.name, open: events.filter((one) => !one.ended), closed: events.filter((one) => one.ended), next: page.next ?? null, closes });
  },
  async more() {
    if (!this.data.next) return;
    const page = await get("/cases", { query: { place: this.data.query.place, after: this.data.next } });
    const events = page.items.flatMap((one) => one.events).map(shown);
    this.setData({ open: [...this.data.open, ...events.filter((one) => !one.ended)], closed: [...this.data.closed, ...events.filter((one) => one.ended)], next: page.next ?? null });
  },
  ask(event: WechatMiniprogram.TouchEvent) {
    this.setData({ asked: this.data.open[event.currentTarget.dataset.index as number], on: today(), reason: "" });
  },
  close() {
    this.setData({ asked: null });
  },
  how(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    this.setData({ outcome: event.detail.value });
  },
  date(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    this.setData({ on: event.detail.value });
  },
  type(event: WechatMiniprogram.Input) {
    this.setData({ reason: event.detail.value });
  },
  async end() {
    const { asked, outcome, on, reason } = this.data;
    if (!asked) return;
    const body = { outcome: outcome as "released", outcome_on: on, reason: reason.trim() };
    const done = await this.act("end", () => post("/case-events/{event_id}/close", { path: { event_id: asked.id }, body }), "已登记");
    if (done) this.setData({ asked: null });
  },
});

function shown(event: Shape<"CaseEvent">) {
  const outcome = event.outcome ? `${OUTCOMES[event.outcome] ?? event.outcome}${event.outcome_on ? `，${day(event.outcome_on)}` : ""}` : "";
  return { id: event.id, title: CATEGORIES[event.category] ?? event.category, note: `${day(event.effective_on)}起`, ended: !!event.outcome, outcome };
}
