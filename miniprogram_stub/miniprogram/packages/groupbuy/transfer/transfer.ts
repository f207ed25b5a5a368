/** A neighbour asks us to take over an order: yes or no. */
import { get, look, post, type Shape } from "../../../services/api";
import { CONSENTS } from "../../../utils/household";
import { screen } from "../../../utils/screen";
import { campaignRow } from "../../../pages/groups/rows";

type Change = Shape<"Change">;
type Consent = NonNullable<Shape<"AcceptTransfer">["consent"]>;

screen({
  data: {
    change: null as Change | null,
    row: null as ReturnType<typeof campaignRow> | null,
    asked: false,
    behalf: false,
    consents: [...CONSENTS],
    consent: "" as Consent | "",
  },

  async load() {
    const change = await get("/change-requests/{change_id}", { path: { change_id: this.data.query.id } });
    const asked = change.allowed_actions.includes("accept") && change.to_household_id;
    const [campaign, whose] = await Promise.all([
      look("/public/campaigns/{campaign_id}", { path: { campaign_id: change.campaign_id } }),
      asked ? get("/households/{household_id}", { path: { household_id: asked } }) : null,
    ]);
    this.setData({
      change,
      row: campaignRow(campaign),
      asked: Boolean(asked),
      behalf: whose?.must_ask ?? false,
    });
  },

  choose(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    this.setData({ consent: event.detail.value as Consent });
  },

  async accept() {
    const { confirm } = await wx.showModal({ title: "接手这份订单？", content: "订单转过来：没付的由这一家付，货到了由这一家领。", confirmText: "接手" });
    if (!confirm) return;
    const { id, revision } = this.data.change as Change;
    const body = { revision, consent: this.data.behalf ? this.data.consent || null : null };
    await this.act("accept", () => post("/change-requests/{change_id}/accept", { path: { change_id: id }, body }), "已接手");
  },

  async decline() {
    const { confirm } = await wx.showModal({ title: "不接手？", content: "订单仍归原来的邻居。", confirmText: "不接手" });
    if (!confirm) return;
    const { id, revision } = this.data.change as Change;
    await this.act("decline", () => post("/change-requests/{change_id}/decline", { path: { change_id: id }, body: { revision } }), "已答复");
  },
});
