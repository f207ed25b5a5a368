import { get, post, type Shape } from "../../../services/api";
import { heldTask } from "../../../services/held-tasks";
import { when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { doorOf, INCIDENTS, listOf } from "../words";

const KINDS = listOf(INCIDENTS);
const AGO = { now: "刚才", hour: "大约一小时前", earlier: "更早，今天之内" };
const AGO_MS = { now: 0, hour: 3600_000, earlier: 4 * 3600_000 };

screen({
  data: {
    claim: null as Shape<"TaskClaim"> | null,
    kinds: KINDS.codes.map((code, n) => ({ code, label: KINDS.labels[n] })),
    kind: "",
    where: [] as string[],
    homes: [] as string[],
    place: 0,
    agos: listOf(AGO).labels,
    ago: 0,
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
    this.setData({ ago: Number(event.detail.value) });
  },
  write(event: WechatMiniprogram.Input) {
    this.setData({ account: event.detail.value });
  },
  review() {
    const { kind, where, place, ago } = this.data;
    const at = new Date(Date.now() - 60_000 - AGO_MS[listOf(AGO).codes[ago]]).toISOString();
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
    if (told) wx.navigateBack();
  },
});
