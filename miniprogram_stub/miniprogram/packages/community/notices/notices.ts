import { look } from "../../../services/api";
import { me } from "../../../services/me";
import { placeShown } from "../../../services/place";
import { noticeShown } from "../../../utils/register";
import { screen } from "../../../utils/screen";
import { raised } from "../raised";

type Shown = ReturnType<typeof noticeShown>;

screen({
  data: { notices: [] as Shown[], next: null as string | null, district: "", raised: [] as ReturnType<typeof raised> },
  async load() {
    const district = placeShown(await me().catch(() => null)).slice(0, 6);
    const { items, next } = await look("/public/notices", { query: { district } });
    this.setData({ notices: items.map((one) => noticeShown(one)), next: next ?? null, district, raised: raised() });
  },
  async more() {
    const { next: after, district } = this.data;
    if (!after) return;
    const { items, next } = await look("/public/notices", { query: { district, after } });
    this.setData({ notices: [...(this.data.notices as Shown[]), ...items.map((one) => noticeShown(one))], next: next ?? null });
  },
  call(event: WechatMiniprogram.TouchEvent) {
    wx.makePhoneCall({ phoneNumber: event.currentTarget.dataset.phone as string });
  },
  onShareAppMessage() {
    return { title: "正在公示的小区", path: "/packages/community/notices/notices" };
  },
});
