import { get, post, type Shape } from "../../../services/api";
import { serverTime } from "../../../services/clock";
import { heldTask } from "../../../services/held-tasks";
import { back } from "../../../utils/back";
import { clock, when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { doorOf, INCIDENTS, listOf } from "../words";

const KINDS = listOf(INCIDENTS);
const AGO = ["刚才", "大约一小时前", "今天更早"];
const EARLIER = 2;
const MINUTE_MS = 60_000;
const SHANGHAI_MS = 8 * 60 * MINUTE_MS;

screen({
  data: {
    claim: null as Shape<"TaskClaim"> | null,
    kinds: KINDS.codes.map((code, n) => ({ code, label: KINDS.labels[n] })),
    kind: "",
    where: [] as string[],
    homes: [] as string[],
    place: 0,
    agos: AGO,
    ago: 0,
    time: "",
    latest: "",
    account: "",
    read: null as { kind: string; at: string; where: string } | null,
    at: "",
  },

  /** At a door where they are, or at the place of the task. */
  async load() {
    const { id } = this.data.query;
    const claim = await get("/task-claims/{claim_id}", { path: { claim_id: id } });
    const stops = heldTask(id)?.stops ?? [];
    this.setData({ claim, where: [claim.place_name, ...stops.map(doorOf)], homes: ["", ...stops.map((stop) => stop.household_id)] });
  },

  choose(event: WechatMiniprogram.RadioGroupChange) {
    this.setData({ kind: event.detail.value });
  },
  pickPlace(event: WechatMiniprogram.PickerChange) {
    this.setData({ place: Number(event.detail.value) });
  },
  since(event: WechatMiniprogram.PickerChange) {
    const ago = Number(event.detail.value);
    const latest = clock(minutesAgo(1));
    this.setData({ ago, latest, time: ago === EARLIER ? this.data.time || latest : "" });
  },
  pickTime(event: WechatMiniprogram.PickerChange) {
    this.setData({ time: event.detail.value as string });
  },
  write(event: WechatMiniprogram.Input) {
    this.setData({ account: event.detail.value });
  },
  review() {
    const { kind, where, place, ago, time } = this.data;
    const at = time ? todayAt(time) : minutesAgo(ago ? 60 : 1);
    this.setData({ at, read: { kind: INCIDENTS[kind as keyof typeof INCIDENTS], at: when(at), where: where[place] } });
  },
  police() {
    wx.makePhoneCall({ phoneNumber: "110" });
  },
  close() {
    this.setData({ read: null });
  },

  async send() {
    const { kind, claim, homes, place, account, at } = this.data;
    const where = homes[place] ? { household_id: homes[place] } : { place_code: claim!.place_code };
    const body = { kind: kind as keyof typeof INCIDENTS, happened_at: at, account, ...where };
    const told = await this.act("send", () => post("/incidents", { body }), "社区知道了");
    this.close();
    if (told) back();
  },
});

function minutesAgo(count: number): string {
  return new Date(Date.parse(serverTime()) - count * MINUTE_MS).toISOString();
}

/** "07:30" of today, as the clock at the door had it. */
function todayAt(time: string): string {
  const today = new Date(Date.parse(serverTime()) + SHANGHAI_MS).toISOString().slice(0, 10);
  return `${today}T${time}:00+08:00`;
}
