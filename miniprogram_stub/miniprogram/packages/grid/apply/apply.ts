import { get, post, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { askToNotify } from "../../../services/subscribe";
import { compoundOf, day } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { MENDED_ON, RECORDS, TONES } from "../words";

type Criterion = Shape<"Criterion">;
const SHOWN = 6; // records named before the rest is counted

screen({
  data: {
    name: "",
    as_of: "",
    met: false,
    streak: "",
    when: "",
    barred: "",
    red: [] as ReturnType<typeof shown>[],
    beside: [] as ReturnType<typeof shown>[],
    green: [] as ReturnType<typeof shown>[],
    open: false,
    who: "",
    may: false,
    live: null as { id: string; status: string; tone: string } | null,
    past: [] as { id: string; title: string; status: string }[],
    asking: false,
  },
  async load() {
    const code = this.data.query.place;
    const [verdict, place, filed, mine] = await Promise.all([
      get("/places/{code}/readiness", { path: { code } }),
      get("/places/{code}", { path: { code } }),
      get("/certifications", { query: { unit: code } }),
      me(),
    ]);
    const needed = new Set(verdict.needed ?? []);
    const of = (kept: (one: Criterion) => boolean) => verdict.criteria.filter(kept).map((one) => shown(one, code));
    const live = filed.items.find((one) => !one.ended_at);
    this.setData({
      name: place.name,
      as_of: day(verdict.as_of),
      met: verdict.met,
      streak: verdict.streak_days == null ? "没有疫情记录" : `连续无疫情 ${verdict.streak_days} 天`,
      when: whenOf(verdict),
      barred: verdict.barred_until ? `上次申报查实不属实，${day(verdict.barred_until)}起才能重新申报。` : "",
      red: of((one) => needed.has(one.id)),
      beside: of((one) => !one.met && !needed.has(one.id)),
      green: of((one) => one.met),
      who: mine.name,
      may: mine.permissions.includes("certification:application:file"),
      live: live ? { id: live.id, status: live.status_label ?? "", tone: TONES[live.status] ?? "" } : null,
      past: filed.items.filter((one) => one.ended_at).map((one) => ({ id: one.id, title: day(one.created_at), status: one.status_label ?? "" })),
    });
  },
  toggle() {
    this.setData({ open: !this.data.open });
  },
  ask() {
    this.setData({ asking: true });
  },
  close() {
    this.setData({ asking: false });
  },
  async file() {
    if (this.data.busy) return;
    const work = async () => {
      await askToNotify("application");
      return post("/certifications", { body: { unit: this.data.query.place } });
    };
    const filed = await this.act("file", work, "已申报");
    this.setData({ asking: false });
    if (filed) wx.navigateTo({ url: `/packages/review/application/application?id=${filed.id}` });
  },
});

function whenOf(verdict: Shape<"Verdict">): string {
  if (verdict.met) return "各项都达标，不用再填任何东西。";
  if (verdict.earliest_on === verdict.as_of) return "今天补上，今天就能申报。";
  return `${verdict.earliest_certain ? "" : "如果相关人员按时解除，"}最早 ${day(verdict.earliest_on)} 可以申报。`;
}

function shown(one: Criterion, place: string) {
  const named = one.records.slice(0, SHOWN).map((record) => `${day(record.day).split(" ")[0]}${RECORDS[record.kind] ?? ""}`);
  const when = one.fixable_now ? "今天补上就能达标" : `${one.earliest_certain ? "" : "如果按时解除，"}最早 ${day(one.earliest_on)} 达标`;
  return {
    id: one.id,
    title: one.title,
    why: one.why,
    fix: one.fix,
    now: one.fixable_now,
    when: one.met ? "" : when,
    records: named.length ? `依据：${named.join("、")}${one.records.length > SHOWN ? `，共 ${one.records.length} 条` : ""}` : "",
    ...wayOf(one, place),
  };
}

/** Where the criterion is mended, or at least looked at. */
function wayOf(one: Criterion, place: string): { href: string; way: string } {
  const page = MENDED_ON[one.id] ?? MENDED_ON[one.item] ?? "daily";
  if (page === "coverage") return { href: `/packages/grid/coverage/coverage?place=${compoundOf(place).split("-")[0]}&compound=${place}`, way: "看哪些岗位缺人" };
  if (page === "households") return { href: `/packages/grid/households/households?place=${place}`, way: "去看住户" };
  if (page === "cases") return { href: `/packages/grid/cases/cases?place=${place}`, way: one.earliest_certain ? "看病例登记" : "看谁还没有解除" };
  const last = one.records[one.records.length - 1];
  return { href: `/packages/grid/daily/daily?place=${place}${last && one.fixable_now ? `&day=${last.day}` : ""}`, way: one.fixable_now ? "去补填或更正" : "看逐日记录" };
}
