import { patch } from "../../../services/api";
import { me } from "../../../services/me";
import { choose, chosen, step, type Step } from "../../../services/print";
import { inWords, screen } from "../../../utils/screen";
import { PRINTS } from "../words";

screen({
  data: { prints: PRINTS, chosen: 0, name: "", signedIn: false },
  async load() {
    const who = await me().catch(() => null); // large print is for those, too, whom nobody can sign in just now
    this.setData({ chosen: chosen() ?? 0, name: who?.name ?? "", signedIn: who !== null });
  },
  async print(event: WechatMiniprogram.RadioGroupChange) {
    const value = Number(event.detail.value);
    const picked = value ? (value as Step) : null;
    choose(picked);
    this.setData({ chosen: value, step: step() });
    try {
      await patch("/me", { body: { print_step: picked } });
    } catch (error) {
      await wx.showModal({ title: "这台手机已改好", content: `换手机时要再选一次：${inWords(error)}`, showCancel: false, confirmText: "知道了" });
    }
  },
  privacy() {
    wx.openPrivacyContract({});
  },
});
