import { get, look, post, type Shape } from "../../../services/api";
import { compoundOf, when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { sure } from "../../../utils/choose";

type Tap = WechatMiniprogram.TouchEvent;

/** Appointments of relatives: whoever asked may withdraw, another officer confirms or refuses. */
screen({
  data: { items: [] as Card[], next: null as string | null, refusing: null as Card | null, reason: "" },
  async load() {
    this.setData(await page());
  },
  async more() {
    if (!this.data.next) return;
    const { items, next } = await page(this.data.next);
    this.setData({ items: [...this.data.items, ...items], next });
  },

  async confirm(event: Tap) {
    const { id, revision, title, name } = this.data.items[event.currentTarget.dataset.index as number];
    if (!(await sure("确认任命？", `由${name}担任${title}。以您的名义确认，会留下记录。`, "确认任命"))) return;
    await this.act(`yes-${id}`, () => post("/appointments/{appointment_id}/confirm", { path: { appointment_id: id }, body: { revision } }), "已任命");
  },
  async withdraw(event: Tap) {
    const { id, revision, title, name } = this.data.items[event.currentTarget.dataset.index as number];
    if (!(await sure("撤回任命？", `不再请${name}担任${title}。`, "撤回"))) return;
    await this.act(`back-${id}`, () => post("/appointments/{appointment_id}/withdraw", { path: { appointment_id: id }, body: { revision } }), "已撤回");
  },

  ask(event: Tap) {
    this.setData({ refusing: this.data.items[event.currentTarget.dataset.index as number], reason: "", wrong: {} });
  },
  close() {
    this.setData({ refusing: null });
  },
  type(event: WechatMiniprogram.Input) {
    this.setData({ reason: event.detail.value });
  },
  async refuse() {
    const { refusing, reason } = this.data;
    if (!refusing) return;
    const body = { revision: refusing.revision, reason: reason.trim() };
    const refused = await this.act("refuse", () => post("/appointments/{appointment_id}/refuse", { path: { appointment_id: refusing.id }, body }), "已答复");
    if (refused) this.close();
  },
});

async function page(after?: string) {
  const { items, next } = await get("/appointments", { query: { status: "waiting", after } });
  const compounds = [...new Set(items.map((one) => compoundOf(one.place_code)))];
  const called = new Map(await Promise.all(compounds.map(async (code) => [code, (await look("/public/places/{code}", { path: { code } })).name] as const)));
  return { items: items.map((one) => shown(one, called.get(compoundOf(one.place_code)) ?? "")), next: next ?? null };
}

function shown(one: Shape<"Appointment">, compound: string) {
  const may = (action: string) => one.allowed_actions.includes(action);
  const place = one.place_name === compound ? compound : `${compound}${one.place_name}`;
  return {
    id: one.id,
    revision: one.revision,
    title: `${place}${one.role_label}`,
    name: one.volunteer_name,
    asked: `${when(one.created_at)}，${one.asked_by_name}提出`,
    until: one.until ? `到${when(one.until)}为止` : "",
    confirm: may("confirm"),
    refuse: may("refuse"),
    withdraw: may("withdraw"),
  };
}
type Card = ReturnType<typeof shown>;
