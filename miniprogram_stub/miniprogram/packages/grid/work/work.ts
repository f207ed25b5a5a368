import { get, look, post, type Shape } from "../../../services/api";
import { me, type Me } from "../../../services/me";
import { compoundOf, day, left } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { READ, alike, missing, named, today, type Entry } from "../sheets";
import { TONES } from "../words";

interface Compound {
  code: string;
  name: string;
  status: string;
  tone: string;
  due: string;
}
interface Site {
  code: string;
  name: string;
  note: string;
  compounds: Compound[];
  /** What would be written if every missing day was like the last. */
  entries: Entry[];
  /** The same, to be read before they are sent. */
  read: { name: string; days: string }[];
  same: string;
  board: boolean;
  appoints: boolean;
}
interface Building {
  code: string;
  title: string;
  label: string;
}

screen({
  data: { name: "", today: "", sites: [] as Site[], buildings: [] as Building[], returned: [] as { id: string; name: string; note: string }[], asked: null as Site | null },
  async load() {
    const mine = await me();
    const { offices, buildings } = placesOf(mine);
    const [sites, returned, homes] = await Promise.all([
      Promise.all(offices.map((code) => site(code, mine))),
      Promise.all(offices.map((unit) => get("/certifications", { query: { unit, status: "returned" } }))),
      Promise.all(buildings.map(building)),
    ]);
    this.setData({
      name: mine.name,
      today: day(today(), 0),
      sites,
      buildings: homes,
      returned: returned.flatMap((page) => page.items).map((one) => ({ id: one.id, name: one.unit.name, note: `退回补正，${left(one.return_due_at ?? "")}` })),
    });
  },
  ask(event: WechatMiniprogram.TouchEvent) {
    this.setData({ asked: this.data.sites[event.currentTarget.dataset.index as number] });
  },
  close() {
    this.setData({ asked: null });
  },
  async same() {
    const asked = this.data.asked as Site;
    await this.act("same", () => post("/daily-records", { body: { entries: asked.entries } }), "已记下");
    this.setData({ asked: null });
  },
});

/** Communities and compounds in one's charge, each once; and buildings that lie in none of them. */
function placesOf({ posts, permissions }: Me): { offices: string[]; buildings: Me["posts"] } {
  const held = posts.filter((post) => post.role !== "resident");
  const offices = permissions.includes("certification:application:read") ? held.map((post) => post.place_code).filter((code) => code.length === 12 || code.length === 16) : [];
  const widest = [...new Set(offices)].filter((code) => !offices.some((other) => other !== code && code.startsWith(other)));
  const buildings = permissions.includes("places:household:read") ? held.filter(({ place_code: code }) => code.length === 20 && !widest.some((office) => code.startsWith(office))) : [];
  return { offices: widest, buildings };
}

/** The post names the building only; its compound's name stands before it. */
async function building({ place_code, place_name, label }: Me["posts"][number]): Promise<Building> {
  const compound = await look("/public/places/{code}", { path: { code: compoundOf(place_code) } });
  return { code: place_code, title: `${compound.name}${place_name}`, label };
}

async function site(code: string, { permissions }: Me): Promise<Site> {
  const [place, sheets] = await Promise.all([look("/public/places/{code}", { path: { code } }), get("/daily-records", { query: { place: code, days: READ } })]);
  const below: Shape<"CompoundStatus">[] = place.compounds ?? [{ code, name: place.name, status: place.status ?? "", status_label: place.status_label ?? "" }];
  const compounds = below.map((one) => ({ code: one.code, name: one.name, status: one.status_label, tone: TONES[one.status] ?? "", due: dueOf(missing(sheets.items, one.code)) }));
  const writes = permissions.includes("fieldwork:daily_record:write");
  const due = below.map(({ code, name }) => ({ name, entries: writes ? alike(sheets.items, code) : [] })).filter((one) => one.entries.length);
  return {
    code,
    name: place.name,
    note: `${compounds.length} 个小区，${compounds.filter((one) => one.tone === "good").length} 个已认定`,
    compounds,
    entries: due.flatMap((one) => one.entries),
    read: due.map((one) => ({ name: one.name, days: named(one.entries) })),
    same: due.length > 1 ? `${due.length} 个小区都与上次相同` : "与上次相同",
    board: code.length === 12 && (permissions.includes("volunteering:team:read") || permissions.includes("people:role:read")),
    appoints: permissions.includes("people:role:appoint"),
  };
}

function dueOf(days: string[]): string {
  if (!days.length) return "";
  const named = days.map((one) => day(one).split(" ")[0]);
  return named.length === 1 ? `${named[0]}的日报没填` : `日报缺 ${named.length} 天：${named.join("、")}`;
}
