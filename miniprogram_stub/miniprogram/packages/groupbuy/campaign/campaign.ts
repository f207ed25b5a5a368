import { get, look, post, type Shape } from "../../../services/api";
import { me, type Me } from "../../../services/me";
import { askToNotify } from "../../../services/subscribe";
import { door, yuan } from "../../../utils/format";
import { CONSENTS } from "../../../utils/household";
import { screen } from "../../../utils/screen";
import { orderRow } from "../../../pages/groups/rows";
import { payOrder } from "../pay";
import { SUBSTITUTIONS } from "../words";
import { choices, countsFor, readBack, settled, shown, sum, type Campaign, type Chosen, type Counts } from "./shown";
import type { Option } from "../options/options";

type Waiting = Shape<"Waiting">;
type Row = { name: string; value: string };
type Tap = WechatMiniprogram.TouchEvent;
type Changed = WechatMiniprogram.CustomEvent<{ value: string | number }>;

screen({
  data: {
    campaign: null as Campaign | null,
    shown: null as ReturnType<typeof shown> | null,
    counts: {} as Counts,
    sum: "0.00",
    homes: [] as Option[],
    behalf: false,
    unknown: false,
    canOrder: false,
    sells: false,
    mine: [] as ReturnType<typeof orderRow>[],
    waiting: [] as Waiting[],
    paidOut: [] as ReturnType<typeof settled>,
    deliveries: [] as Option[],
    terms: [] as Option[],
    substitutions: SUBSTITUTIONS,
    consents: [...CONSENTS],
    chosen: { delivery: "pickup", terms: "prepaid", substitution: "refuse", home: "", consent: "" } as Chosen,
    reading: "" as "" | "order" | "wait",
    rows: [] as Row[],
    wait: { id: "", name: "", per: "", cap: 1, count: 1 },
  },

  async load() {
    const { id, household } = this.data.query;
    const [campaign, who, neighbour] = await Promise.all([
      look("/public/campaigns/{campaign_id}", { path: { campaign_id: id } }),
      me().catch(() => null), // everyone may look, also while nobody can say who they are
      household ? get("/households/{household_id}", { path: { household_id: household } }) : null,
    ]);
    const homes = neighbour ? [{ value: neighbour.id, label: neighbour.address }] : ownHomes(who);
    const own = homes.length ? await affairs(id, homes.map(({ value }) => value)) : { mine: [], waiting: [] };
    const paidOut = ["settled", "closed"].includes(campaign.status) ? settled(await look("/public/campaigns/{campaign_id}/price-sheet", { path: { campaign_id: id } })) : [];
    const counts = countsFor(campaign, this.data.counts);
    this.setData({
      campaign, homes, counts, paidOut, ...own,
      shown: shown(campaign),
      sum: yuan(sum(campaign, counts)),
      behalf: neighbour?.must_ask ?? false,
      unknown: !who,
      canOrder: campaign.status === "open" && homes.length > 0,
      sells: campaign.status === "open" && homes.length > 0 && campaign.items.some(({ left }) => left),
      ...choices(campaign, who?.permissions.includes("groupbuy:order:sponsor") ?? false),
      "chosen.home": this.data.chosen.home || homes[0]?.value || "",
    });
  },

  count(event: Changed) {
    const counts = { ...this.data.counts, [event.currentTarget.dataset.id as string]: event.detail.value as number };
    this.setData({ counts, sum: yuan(sum(this.data.campaign as Campaign, counts)) });
  },

  choose(event: Changed) {
    this.setData({ [`chosen.${event.currentTarget.dataset.name as string}`]: event.detail.value });
    if (this.data.reading === "order") this.readOrder();
  },

  readOrder() {
    const { campaign, counts, chosen, homes } = this.data;
    const whose = homes.find(({ value }) => value === chosen.home)?.label ?? "";
    this.setData({ rows: readBack(campaign as Campaign, counts, chosen, whose), reading: "order" });
  },

  readWait(event: Tap) {
    const { id, name, per, cap } = event.currentTarget.dataset.item as { id: string; name: string; per: string; cap: number };
    this.setData({ wait: { id, name, per, cap, count: 1 }, reading: "wait" });
  },

  countWait(event: Changed) {
    this.setData({ "wait.count": event.detail.value as number });
  },

  close() {
    this.setData({ reading: "" });
  },

  /** Sent once read back. One's own order is paid in the same breath; whatever happens to that, the order's page tells.
   * All of it is one act, so that a second tap finds it under way. */
  async order() {
    const { campaign, counts, chosen, behalf } = this.data;
    const lines = Object.entries(counts).filter(([, quantity]) => quantity).map(([item_id, quantity]) => ({ item_id, quantity, substitution: chosen.substitution }));
    const body = { campaign_id: (campaign as Campaign).id, lines, terms: chosen.terms, delivery: chosen.delivery, ...this.whose() };
    const placed = await this.act("order", async () => {
      await askToNotify("order");
      const { id } = await post("/orders", { body });
      this.close();
      if (chosen.terms === "prepaid" && !behalf) await payOrder(id).catch(() => undefined);
      return id;
    });
    if (placed) wx.redirectTo({ url: `/packages/groupbuy/order/order?id=${placed}` });
    else this.close(); // what was read back no longer holds: the page shows what is left now
  },

  async join() {
    const { wait, chosen, query } = this.data;
    const body = { item_id: wait.id, quantity: wait.count, delivery: chosen.delivery, ...this.whose() };
    const joined = await this.act("wait", async () => {
      await askToNotify("order");
      return post("/campaigns/{campaign_id}/waiting", { path: { campaign_id: query.id }, body });
    }, "已登记候补");
    if (joined) this.close();
  },

  async leaveLine(event: Tap) {
    const entry = event.currentTarget.dataset.entry as Waiting;
    const { confirm } = await wx.showModal({ title: "退出候补？", content: `不再等${entry.name}，以后想要得重新排队。`, confirmText: "退出候补" });
    if (confirm) await this.act(entry.id, () => post("/waiting/{entry_id}/leave", { path: { entry_id: entry.id }, body: { revision: entry.revision } }), "已退出候补");
  },

  whose(): { household_id: string; consent: Exclude<Chosen["consent"], ""> | null } {
    const { chosen, behalf } = this.data;
    return { household_id: chosen.home, consent: behalf ? chosen.consent || null : null };
  },

  onShareAppMessage(): WechatMiniprogram.Page.ICustomShareContent {
    return { title: `团购：${this.data.shown?.title ?? ""}`, path: `/packages/groupbuy/campaign/campaign?id=${this.data.query.id}` };
  },
});

function ownHomes(who: Me | null): Option[] {
  return (who?.homes ?? []).map((home) => ({ value: home.id, label: `${door(home.place_code)} ${home.room}` }));
}

/** The orders and the places in the line that these homes have here; mostly it is a single home. */
async function affairs(campaign: string, homes: string[]) {
  const of = await Promise.all(homes.map((household) => Promise.all([
    get("/orders", { query: { campaign, household, limit: 100 } }),
    get("/campaigns/{campaign_id}/waiting", { path: { campaign_id: campaign }, query: { household, limit: 100 } }),
  ])));
  return {
    mine: of.flatMap(([orders]) => orders.items.map(orderRow)),
    waiting: of.flatMap(([, line]) => line.items.filter((one) => one.allowed_actions.includes("leave"))),
  };
}
