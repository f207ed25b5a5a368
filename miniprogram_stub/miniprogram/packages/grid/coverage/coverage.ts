import { get, post, type Shape } from "../../../services/api";
import { may } from "../../../services/me";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";

type Cell = Shape<"Cell">;
const MARKS: Record<string, string> = { held: "✓", vacant: "缺", overloaded: "重" };
const TONES: Record<string, string> = { held: "good", vacant: "bad", overloaded: "warn" };
const TOLD: Record<string, string> = { secretary: "已报社区书记", subdistrict: "已报街道" };

screen({
  data: {
    board: null as Shape<"Coverage"> | null,
    compounds: [] as ReturnType<typeof compoundOf>[],
    workers: [] as { id: string; name: string; note: string }[],
    shown: "",
    appoints: false,
    open: null as ReturnType<typeof buildingOf> | null,
  },
  async load() {
    const [board, appoints] = await Promise.all([get("/communities/{code}/coverage", { path: { code: this.data.query.place } }), may("people:role:appoint")]);
    const compounds = board.compounds.map(compoundOf);
    const worst = [...compounds].sort((a, b) => b.gaps - a.gaps)[0];
    const workers = board.grid_workers.map((one) => ({ id: one.user_id, name: one.name, note: restOf(one) }));
    this.setData({ board, compounds, workers, appoints, shown: this.data.shown || this.data.query.compound || worst?.code || "" });
  },
  unfold(event: WechatMiniprogram.TouchEvent) {
    const code = event.currentTarget.dataset.code as string;
    this.setData({ shown: this.data.shown === code ? "-" : code });
  },
  show(event: WechatMiniprogram.TouchEvent) {
    const code = event.currentTarget.dataset.code as string;
    this.setData({ open: this.data.compounds.flatMap((one) => one.buildings).find((one) => one.code === code) ?? null });
  },
  close() {
    this.setData({ open: null });
  },
  async appoint(event: WechatMiniprogram.TouchEvent) {
    const { volunteer, name, role, label, place } = event.currentTarget.dataset as Record<string, string>;
    const { confirm } = await wx.showModal({ title: `请${name}担任${label}`, content: `地点：${this.data.open?.title ?? ""}。以您的名义任命，会留下记录。`, confirmText: "任命" });
    if (!confirm) return;
    const body = { role: role as "coordinator", place_code: place };
    const done = await this.act("appoint", () => post("/volunteers/{volunteer_id}/appointments", { path: { volunteer_id: volunteer }, body }));
    if (!done) return;
    this.setData({ open: null });
    wx.showToast({ title: done.sentence, icon: "none" });
  },
});

function restOf(one: Shape<"GridWorker">): string {
  const due = one.on_leave_today ? "今天调休" : one.leave_due ? `还有 ${one.leave_due} 天调休没休` : "没有欠休";
  return `已连续工作 ${one.days_in_a_row} 天，${due}`;
}

function compoundOf(one: Shape<"BoardCompound">) {
  const buildings = one.buildings.map((building) => buildingOf(building, one.name));
  const gaps = buildings.reduce((sum, building) => sum + building.gaps, 0);
  return { code: one.code, name: one.name, note: `到岗 ${one.roles_held} / ${one.roles_needed}`, tone: one.roles_held < one.roles_needed ? "warn" : "good", gaps, buildings };
}

function buildingOf(one: Shape<"BoardBuilding">, compound: string) {
  const cells = one.cells.map(cellOf);
  const count = (mark: string) => cells.filter((cell) => cell.mark === mark).length;
  const [gaps, heavy] = [count("缺"), count("重")];
  const said = [gaps ? `缺 ${gaps} 个` : "", heavy ? `${heavy} 个负担过重` : ""].filter(Boolean).join("，") || "都有人";
  return { code: one.code, name: one.name, title: `${compound}${one.name}`, gaps, said, cells };
}

function cellOf(cell: Cell) {
  const since = cell.since ? `从${day(cell.since)}起${cell.told ? `，${TOLD[cell.told] ?? ""}` : ""}` : "";
  const could = cell.suggestion ?? null;
  return {
    role: cell.role,
    label: cell.label,
    short: cell.label[0],
    state: cell.state_label,
    mark: MARKS[cell.state] ?? "",
    tone: TONES[cell.state] ?? "",
    who: cell.holders.map((one) => one.name).join("、"),
    since,
    could: could && { volunteer: could.volunteer_id, name: could.name, place: could.place_code, reason: could.reason },
    none: cell.state === "vacant" && !could,
  };
}
