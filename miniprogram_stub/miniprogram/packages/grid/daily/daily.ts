import { get, post } from "../../../services/api";
import { may } from "../../../services/me";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { sure } from "../../../utils/choose";
import { READ, alike, daysUpTo, entered, lastBefore, missing, today, type Entry, type Sheet } from "../sheets";
import { CONTROLS } from "../words";

screen({
  data: {
    name: "",
    may: false,
    days: [] as { day: string; date: string; mark: string; state: string }[],
    sheets: [] as Sheet[],
    gaps: 0,
    entries: [] as Entry[],
    filled: [] as string[],
    like: "",
    asking: false,
    chosen: "",
    title: "",
    hint: "",
    own: false,
    /** What the form stands on, what it shows, and what was changed in it. */
    base: {} as Partial<Entry>,
    groups: [] as { title: string; measures: { name: string; label: string; unit: string; value: number | null; wrong: string; big: boolean }[] }[],
    changed: {} as Record<string, number | null>,
    changes: 0,
  },
  async load() {
    const place = this.data.query.place;
    const [{ items }, about, writes] = await Promise.all([
      get("/daily-records", { query: { place, days: READ } }),
      get("/places/{code}", { path: { code: place } }),
      may("fieldwork:daily_record:write"),
    ]);
    const have = new Set(items.map((sheet) => sheet.day));
    const entries = alike(items, place);
    const like = entries.length ? lastBefore(items, place, entries[0].day) : null;
    this.setData({
      name: about.name,
      may: writes,
      sheets: items,
      days: daysUpTo(today(), READ).map((one) => dayOf(one, have.has(one))),
      gaps: missing(items, place).length,
      entries,
      filled: entries.map((one) => day(one.day)),
      like: like ? day(like.day) : "",
    });
    this.show(this.data.chosen || this.data.query.day || today());
  },
  async choose(event: WechatMiniprogram.TouchEvent) {
    const { chosen, changes, title } = this.data;
    const other = event.currentTarget.dataset.day as string;
    if (other === chosen) return;
    if (changes && !(await sure(`${title}的改动还没有保存`, `改了 ${changes} 项。看别的日期，这些改动就没有了。`, "不保存"))) return;
    this.setData({ changed: {}, changes: 0, wrong: {} });
    this.show(other);
  },
  /** The day's own sheet, or the last one before it: then only what was different needs a thumb. */
  show(chosen: string) {
    const place = this.data.query.place;
    const own = this.data.sheets.find((sheet: Sheet) => sheet.day === chosen);
    const last = own ?? lastBefore(this.data.sheets, place, chosen);
    const base = last ? entered(last) : {};
    const hint = own ? "已经填了，可以更正。" : last ? `照${day(last.day)}的填好了，只改不同的。` : "第一次填，逐项填写。";
    this.setData({ chosen, title: day(chosen), hint, own: !!own, base: own ? {} : base, groups: groupsOf({ ...base, ...this.data.changed }, this.data.wrong) });
  },
  count(event: WechatMiniprogram.CustomEvent<{ value: number | string }>) {
    const { value } = event.detail;
    const changed = { ...this.data.changed, [event.currentTarget.dataset.name as string]: value === "" ? null : Number(value) };
    this.setData({ changed, changes: Object.keys(told(changed)).length });
    this.show(this.data.chosen);
  },
  async save() {
    const { chosen, base, changed, query } = this.data;
    const entry = { ...base, ...told(changed), place_code: query.place, day: chosen } as Entry;
    const saved = await this.act("save", () => post("/daily-records", { body: { entries: [entry] } }), "已保存");
    if (saved) this.setData({ changed: {}, changes: 0 });
    this.show(chosen);
  },
  ask() {
    this.setData({ asking: true });
  },
  close() {
    this.setData({ asking: false });
  },
  async same() {
    await this.act("same", () => post("/daily-records", { body: { entries: this.data.entries } }), "已补齐");
    this.setData({ asking: false });
  },
});

/** Without the numbers that were rubbed out and not written anew. */
function told(changed: Record<string, number | null>) {
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== null));
}

function dayOf(date: string, have: boolean) {
  const now = date === today();
  const mark = have ? "✓" : now ? "今天" : "缺";
  return { day: date, date: String(Number(date.slice(8))), mark, state: have ? "good" : now ? "brand" : "bad" };
}

function groupsOf(values: Record<string, unknown>, wrong: Record<string, string>) {
  return CONTROLS.map(({ title, measures }) => ({
    title,
    measures: measures.map((one) => ({ ...one, big: !!one.big, value: (values[one.name] as number | undefined) ?? null, wrong: wrong[`/entries/0/${one.name}`] ?? "" })),
  }));
}
