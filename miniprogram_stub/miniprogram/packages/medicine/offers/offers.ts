/** The very medicine a home has asked for, sealed, refused by somebody else: say yes or no. Who that was is told to nobody. */
import { home } from "../../../pages/medicine/words";
import { get, post, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { left, yuan } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { agreed } from "../consent";

type Offer = Required<Shape<"Offer">>;

screen({
  data: { offers: [] as ReturnType<typeof shown>[] },

  async load() {
    const [who, page] = await Promise.all([me(), get("/medicine-offers")]);
    const homes = who.homes.map((one) => one.id);
    this.setData({ offers: page.items.map((one) => shown(one as Offer, homes)) });
  },

  async answer(event: WechatMiniprogram.TouchEvent) {
    const { index, accept } = event.currentTarget.dataset as { index: number; accept: boolean };
    const offer = this.data.offers[index];
    const title = accept ? `要这一份，付 ¥${offer.price}？` : "不要这一份？";
    const content = accept ? "会送到您家门口，送到再付钱；不再另外去买。" : "您原来的申请照常去买。";
    const { confirm } = await wx.showModal({ title, content, confirmText: accept ? "要" : "不要", cancelText: "再想想" });
    const consent = confirm ? await agreed(offer) : undefined;
    if (consent === undefined) return;
    const body = { revision: offer.revision, accept, consent };
    await this.act("answer", () => post("/medicine-offers/{offer_id}/answer", { path: { offer_id: offer.id }, body }), accept ? "好，送给您" : "已答复");
  },
});

function shown(offer: Offer, homes: string[]) {
  return {
    id: offer.id,
    request: offer.request_id,
    revision: offer.revision,
    where: homes.includes(offer.household_id) ? "我家" : home(offer),
    must_ask: offer.must_ask,
    fen: offer.fen,
    price: yuan(offer.fen),
    says: `没有拆封，${offer.quantity} 盒，有效期到 ${offer.expires_on.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, "$1 年 $2 月 $3 日")}。`,
    left: left(offer.answer_by),
    mayAnswer: offer.allowed_actions.includes("accept"),
  };
}
