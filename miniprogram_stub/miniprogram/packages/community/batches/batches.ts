import { look, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { placeShown } from "../../../services/place";
import { day } from "../../../utils/format";
import { placeHref, toneOf } from "../../../utils/register";
import { screen } from "../../../utils/screen";

screen({
  data: { batches: [] as ReturnType<typeof shown>[], next: null as string | null, district: "" },
  async load() {
    const district = placeShown(await me().catch(() => null)).slice(0, 6);
    const { items, next } = await look("/public/batches", { query: { district } });
    this.setData({ batches: items.map(shown), next: next ?? null, district });
  },
  async more() {
    const { next: after, district } = this.data;
    if (!after) return;
    const { items, next } = await look("/public/batches", { query: { district, after } });
    this.setData({ batches: [...this.data.batches, ...items.map(shown)], next: next ?? null });
  },
  onShareAppMessage() {
    return { title: "无疫情小区认定批次", path: "/packages/community/batches/batches" };
  },
});

/** A round as it was announced, with what each of its units is now. */
function shown(batch: Shape<"Batch">) {
  return {
    id: batch.id,
    title: `第 ${batch.number} 批`,
    day: day(batch.day),
    count: `${batch.units.length} 个小区`,
    units: batch.units.map((unit) => ({ code: unit.code, name: unit.name, label: unit.status_label, tone: toneOf(unit.status), href: placeHref(unit.code) })),
  };
}
