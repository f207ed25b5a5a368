import { get, post, type Shape } from "../../../services/api";
import { may } from "../../../services/me";
import { door } from "../../../utils/format";
import { screen } from "../../../utils/screen";

screen({
  data: { claim: null as Shape<"TaskClaim"> | null, names: [] as string[], ids: [] as string[], chosen: -1, pieces: "", list: [] as string[], reading: false, allowed: false },

  async load() {
    const [claim, allowed] = await Promise.all([get("/task-claims/{claim_id}", { path: { claim_id: this.data.query.id } }), may("volunteering:team:read")]);
    const members = allowed ? await everyone(claim.place_code.slice(0, 12)) : [];
    const others = members.filter((one) => one.id !== claim.volunteer_id);
    this.setData({ claim, allowed, ids: others.map(({ id }) => id), names: others.map((one) => [one.name, door(one.base_code) || one.base_name, one.posts[0]?.label].filter(Boolean).join("，")) });
  },

  pick(event: WechatMiniprogram.PickerChange) {
    this.setData({ chosen: Number(event.detail.value) });
  },
  write(event: WechatMiniprogram.Input) {
    this.setData({ pieces: event.detail.value });
  },
  read() {
    const list = this.data.pieces.split("\n").map((line) => line.trim()).filter(Boolean);
    this.setData({ list, reading: true });
  },
  close() {
    this.setData({ reading: false });
  },

  async offer() {
    const { claim, ids, chosen, list } = this.data;
    const body = { revision: claim!.revision, to_volunteer_id: ids[chosen], custody: list };
    const offered = await this.act("offer", () => post("/task-claims/{claim_id}/hand-over", { path: { claim_id: claim!.id }, body }), "等对方点清接手");
    this.close();
    if (offered) wx.redirectTo({ url: "/packages/volunteer/hand-overs/hand-overs" });
  },
});

async function everyone(place: string): Promise<Shape<"Volunteer">[]> {
  const all: Shape<"Volunteer">[] = [];
  let after: string | null | undefined;
  do {
    const page: Shape<"VolunteerPage"> = await get("/volunteers", { query: { place, limit: 100, after: after ?? undefined } });
    all.push(...page.items);
    after = page.next;
  } while (after);
  return all;
}
