/** All my orders, page by page. With `household`: what that neighbour may order now, and what was ordered. */
import { get, look } from "../../../services/api";
import { compoundOf } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { campaignRow, orderRow } from "../../../pages/groups/rows";

screen({
  data: {
    rows: [] as ReturnType<typeof orderRow>[],
    campaigns: [] as ReturnType<typeof campaignRow>[],
    whose: "",
    behalf: "",
    several: false,
    next: "",
  },

  async load() {
    const { household } = this.data.query;
    if (household) wx.setNavigationBarTitle({ title: "替邻居下单" });
    if (household) await this.openNow(household);
    await this.page();
  },

  async more() {
    if (this.data.next) await this.page(this.data.next);
  },

  async page(after?: string) {
    const { items, next } = await get("/orders", { query: { household: this.data.query.household, after } });
    const several = this.data.several || new Set(items.map((one) => one.household_id)).size > 1;
    this.setData({ rows: [...(after ? this.data.rows : []), ...items.map(orderRow)], next: next ?? "", several });
  },

  async openNow(household_id: string) {
    const home = await get("/households/{household_id}", { path: { household_id } });
    const { items } = await look("/public/campaigns", { query: { place: compoundOf(home.place_code), limit: 100 } });
    const open = items.filter((one) => one.status === "open");
    this.setData({ whose: home.address, behalf: `&household=${household_id}`, campaigns: open.map(campaignRow) });
  },
});
