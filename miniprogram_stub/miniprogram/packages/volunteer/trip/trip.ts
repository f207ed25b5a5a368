import { get, post, type Shape } from "../../../services/api";
import { clock, day, when, yuan } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { choose, sure } from "../choose";
import { WHY_STOP } from "../words";

type Trip = Shape<"WholeTrip">;
type Action = Shape<"TripStep">["action"];
type Bag = Shape<"Bag">;

const WAY = ["accepted", "at_pharmacy", "returning", "handing_out", "reconciled"];
const WAY_NAMES = ["出发", "到药店买药", "返回社区", "分发到户", "对账"];
const STEPS = {
  arrive: { label: "到药店了", read: "到了以后登记买到什么、花了多少。" },
  leave: { label: "买完了，返回", read: "没有登记买到的，算这次没买到，会重新安排。" },
  hand_out: { label: "回来了，开始分发", read: "会按楼栋安排人送到门口。" },
};

function shown(trip: Trip) {
  const at = WAY.indexOf(trip.status ?? "");
  return {
    trip,
    name: trip.pharmacy_name ?? "社区存药",
    note: [trip.day ? day(trip.day) : "", `${trip.count ?? 0} 户`, trip.volunteer_name ?? ""].filter(Boolean).join("，"),
    way: WAY_NAMES.map((name, n) => ({ name, note: n === 0 && trip.started_at ? when(trip.started_at) : "", state: at < 0 ? "next" : n < at ? "done" : n === at ? "now" : "next" })),
    packages: (trip.packages ?? []).map((bag) => ({
      number: bag.number,
      category: bag.category ?? "",
      status: bag.status_label ?? "",
      good: bag.status === "delivered",
      cold: typeof bag.cold_seconds_left === "number" ? `冷藏药还有 ${Math.max(0, Math.floor(bag.cold_seconds_left / 60))} 分钟要送到` : "",
      pack: trip.status === "handing_out" && !bag.unpacked && bag.status === "delivering",
    })),
    purse: !trip.own_fen ? "" : trip.own_fen < 0 ? `您垫了 ${yuan(-trip.own_fen)} 元，今晚社区归还。` : `您手里有 ${yuan(trip.own_fen)} 元要交给社区。`,
    next: (Object.keys(STEPS) as (keyof typeof STEPS)[]).find((action) => trip.allowed_actions?.includes(action)) ?? "",
    nextLabel: "",
    stop: trip.allowed_actions?.includes("abort") ?? false,
    list: trip.allowed_actions?.includes("reveal") ?? false,
    pass: trip.allowed_actions?.includes("pass") ?? false,
  };
}

function passOf(pass: Shape<"Pass">) {
  const facts = [
    { name: "志愿者", value: pass.volunteer },
    { name: "药店", value: pass.pharmacy },
    { name: "地址", value: pass.address },
    { name: "有效时间", value: `${when(pass.since)} 至 ${clock(pass.until)}` },
  ];
  return { facts, from: `${pass.community}派这位志愿者外出为居民购药，请各卡口予以放行。`, picture: pass.picture };
}

screen({
  data: { one: null as ReturnType<typeof shown> | null, pass: null as ReturnType<typeof passOf> | null, bag: null as Bag | null },

  async load() {
    const one = shown(await get("/medicine-trips/{trip_id}", { path: { trip_id: this.data.query.id } }));
    this.setData({ one: { ...one, nextLabel: one.next ? STEPS[one.next as keyof typeof STEPS].label : "" } });
  },

  go(action: Action, done: string, reason?: keyof typeof WHY_STOP) {
    const { id, revision } = this.data.one!.trip;
    const body = { action, revision: revision!, ...(reason && { reason }) };
    return this.act(action, () => post("/medicine-trips/{trip_id}/steps", { path: { trip_id: id }, body }), done);
  },
  async next() {
    const action = this.data.one!.next as keyof typeof STEPS;
    const { label, read } = STEPS[action];
    if (await sure(`${label}？`, read, label)) await this.go(action, "已登记");
  },
  async abort() {
    const reason = await choose(WHY_STOP, "为什么中途停止？");
    if (reason && (await sure("中途停止？", `${WHY_STOP[reason]}。已经买到的会保留，没买的重新安排，没有人会怪您。`, "停止"))) await this.go("abort", "已登记", reason);
  },

  async showPass() {
    const path = { trip_id: this.data.query.id };
    const pass = await this.act("pass", () => get("/medicine-trips/{trip_id}/pass", { path, query: { format: "json" } }));
    if (pass) this.setData({ pass: passOf(pass) });
  },
  async pack(event: WechatMiniprogram.TouchEvent) {
    const path = { trip_id: this.data.query.id, number: event.currentTarget.dataset.number as number };
    const bag = await this.act("pack", () => post("/medicine-trips/{trip_id}/packages/{number}/unpack", { path }));
    if (bag) this.setData({ bag });
  },
  close() {
    this.setData({ pass: null, bag: null });
  },
});
