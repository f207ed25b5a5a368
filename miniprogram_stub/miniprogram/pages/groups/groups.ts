import { get, look, type Shape } from "../../services/api";
import { me, type Me } from "../../services/me";
import { placeShown } from "../../services/place";
import { screen } from "../../utils/screen";
import { compounds, orderRow, parts, running, type Campaign } from "./rows";

type Change = Shape<"Change">;
type Notice = Shape<"RecallNotice">;

screen({
  data: {
    orders: [] as ReturnType<typeof orderRow>[],
    several: false,
    recalls: [] as Notice[],
    offers: [] as Change[],
    parts: [] as ReturnType<typeof parts>,
    places: [] as string[],
    campaigns: [] as Campaign[],
    next: {} as Record<string, string>,
    helps: false,
  },

  /** Everyone sees the campaigns; what is one's own comes with the sign-in, which nobody notices. Where that fails, what
   * was known before stays. */
  async load() {
    const who = await me().catch(() => null);
    const around = compounds(who?.homes.length ? who.homes : (who?.posts ?? []));
    const places = around.length ? around : [placeShown(who)];
    const [own] = await Promise.all([who ? ownAffairs(who) : {}, this.campaignsAt(places, {})]);
    this.setData({ ...own, places });
  },

  async more() {
    if (Object.keys(this.data.next).length) await this.campaignsAt(this.data.places, this.data.next);
  },

  /** One request for each compound one lives or works in: mostly a single one. `after`: where each goes on. */
  async campaignsAt(places: string[], after: Record<string, string>) {
    const begun = Object.keys(after).length > 0;
    const asked = begun ? places.filter((place) => after[place]) : places;
    const pages = await Promise.all(asked.map((place) => look("/public/campaigns", { query: { place, after: after[place] } })));
    const next = Object.fromEntries(asked.flatMap((place, n) => (pages[n].next ? [[place, pages[n].next]] : [])));
    const found = [...(begun ? this.data.campaigns : []), ...pages.flatMap((page) => page.items)];
    const campaigns = [...new Map(found.map((one) => [one.id, one])).values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    this.setData({ campaigns, next, parts: parts(campaigns) });
  },
});

const WEEK_MS = 7 * 24 * 3600_000; // later it still stands in the inbox

async function ownAffairs({ homes, permissions }: Me) {
  const [orders, recalls, changes] = await Promise.all([get("/orders", { query: { limit: 100 } }), get("/recalls"), get("/change-requests", { query: { status: "open", limit: 100 } })]);
  const under = running(orders.items);
  return {
    helps: permissions.includes("groupbuy:order:for_others"),
    orders: under.map(orderRow),
    several: new Set([...homes.map(({ id }) => id), ...under.map((one) => one.household_id)]).size > 1,
    recalls: recalls.items.filter((one) => Date.now() - Date.parse(one.created_at) < WEEK_MS),
    offers: changes.items.filter((one) => one.allowed_actions.includes("accept")),
  };
}
