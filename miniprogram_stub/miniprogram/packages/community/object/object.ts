import { look, say } from "../../../services/api";
import { screen } from "../../../utils/screen";
import { keep } from "../raised";

screen({
  data: { name: "", text: "", contact: "", reading: false },
  async load() {
    if (this.data.name || !this.data.query.place) return;
    this.setData({ name: (await look("/public/places/{code}", { path: { code: this.data.query.place } })).name });
  },
  typed(event: WechatMiniprogram.Input) {
    this.setData({ [event.currentTarget.dataset.field as string]: event.detail.value });
  },
  readBack() {
    this.setData({ reading: true });
  },
  back() {
    this.setData({ reading: false });
  },
  async send() {
    const { application, place } = this.data.query;
    const { text, contact, name } = this.data;
    const receipt = await this.act("send", () =>
      say("/public/notices/{application_id}/objections", { path: { application_id: application }, body: { text: text.trim(), contact: contact.trim() || null } }),
    );
    this.setData({ reading: false });
    if (!receipt) return;
    keep(receipt.id, name || place, receipt.created_at);
    wx.redirectTo({ url: `/packages/community/objection/objection?id=${receipt.id}` });
  },
});
