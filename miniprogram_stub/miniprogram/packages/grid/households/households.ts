import { get, look, post, type Shape } from "../../../services/api";
import { may } from "../../../services/me";
import { door } from "../../../utils/format";
import { NEEDS, needsOf } from "../../../utils/household";
import { screen } from "../../../utils/screen";
import { choose } from "../../../utils/choose";
import { PURPOSES } from "../words";

type Household = Shape<"Household">;
type Door = ReturnType<typeof shown>;
const A_PAGE = 100;
const FILTERS = [{ name: "", label: "全部" }, ...NEEDS.filter(({ name }) => name === "no_smartphone" || name === "lives_alone")];

screen({
  data: {
    title: "",
    finds: false,
    phone: "",
    found: null as Door[] | null,
    below: [] as { code: string; name: string }[],
    units: [] as { name: string; doors: Door[] }[],
    filters: FILTERS,
    filter: "",
    count: 0,
    all: [] as Household[],
  },
  async load() {
    const code = this.data.query.place;
    const large = code.length < 20; // a compound or a community: its buildings first
    const [place, below, all, finds] = await Promise.all([
      look("/public/places/{code}", { path: { code } }),
      large ? get("/places/{code}/children", { path: { code } }) : null,
      large ? [] : everyone(code),
      may("people:household:reveal"),
    ]);
    const within = code.length > 16 ? place.lies_in.filter((one) => one.code.length > 12) : [];
    this.setData({ title: [...within, place].map((one) => one.name).join(""), finds, all, below: (below?.items ?? []).map(({ code, name }) => ({ code, name })) });
    this.sift(this.data.filter);
  },
  only(event: WechatMiniprogram.TouchEvent) {
    this.sift(event.currentTarget.dataset.filter as string);
  },
  sift(filter: string) {
    const kept = this.data.all.filter((one: Household) => !filter || one[filter as "no_smartphone"]);
    this.setData({ filter, count: kept.length, units: byUnit(kept) });
  },
  type(event: WechatMiniprogram.Input) {
    this.setData({ phone: event.detail.value, found: null });
  },
  async find() {
    const chosen = await choose("为什么要查？会留下记录", PURPOSES);
    if (!chosen) return;
    const answer = await this.act("find", () => post("/households/find", { body: { phone: this.data.phone, purpose: chosen.name } }));
    if (answer) this.setData({ found: answer.items.map(shown) });
  },
});

/** A building is small enough to be read whole and put in the order of its doors. */
async function everyone(place: string): Promise<Household[]> {
  const all: Household[] = [];
  let after: string | null | undefined;
  do {
    const page: Shape<"HouseholdPage"> = await get("/households", { query: { place, limit: A_PAGE, after: after ?? undefined } });
    all.push(...page.items);
    after = page.next;
  } while (after);
  return all.sort((a, b) => a.place_code.localeCompare(b.place_code) || a.room.localeCompare(b.room, "zh-CN", { numeric: true }));
}

function byUnit(households: Household[]) {
  const units = [...new Set(households.map((one) => one.place_code))];
  return units.map((unit) => ({ name: door(unit), doors: households.filter((one) => one.place_code === unit).map(shown) }));
}

function shown(one: Household) {
  const head = one.members[0];
  const flags = needsOf(one);
  return { id: one.id, title: `${door(one.place_code)} ${one.room}`, room: one.room, note: [head?.name, `${one.member_count} 人`, ...flags].filter(Boolean).join("，") };
}
