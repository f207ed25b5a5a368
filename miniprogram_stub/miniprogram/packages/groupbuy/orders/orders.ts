/** All my orders, page by page. With `household` and `name`: what that neighbour may order now, and what was ordered. */
import { get, look } from "../../../services/api";
import { me } from "../../../services/me";
import { placeShown } from "../../../services/place";
import { screen } from "../../../utils/screen";
import { campaignRow, compounds, orderRow, type Order } from "../../../pages/groups/rows";

screen({
  data: {
    rows: [] as ReturnType<typeof orderRow>[],
    campaigns: [] as ReturnType<typeof campaignRow>[],
    behalf: "",
    several: false,
    next: "",
  },

  async load() {
    const { household, name } = this.data.query;
    if (household) wx.setNavigationBarTitle({ title: "替邻居下单" });
    if (household) await this.openNow(`&household=${household}&name=${encodeURIComponent(name ?? "")}`);
    await this.page();
  },

  async more() {
    if (this.data.next) await this.page(this.data.next);
  },

  async page(after?: string) {
    const { items, next } = await get("/orders", { query: { after } });
    const found = this.of(items);
    const several = this.data.several || new Set(items.map((one) => one.household_id)).size > 1;
    this.setData({ rows: [...(after ? this.data.rows : []), ...found.map(orderRow)], next: next ?? "", several });
  },

  of(orders: Order[]): Order[] {
    const { household } = this.data.query;
    return household ? orders.filter((one) => one.household_id === household) : orders;
  },

  async openNow(behalf: string) {
    const who = await me();
    const [place = placeShown(who)] = compounds(who.posts.length ? who.posts : who.homes);
    const { items } = await look("/public/campaigns", { query: { place } });
    this.setData({ behalf, campaigns: items.filter((one) => one.status === "open").map(campaignRow) });
  },
});
