import { look } from "../../../services/api";
import { choosePlace, placeShown } from "../../../services/place";
import { me } from "../../../services/me";
import { board, shareCard, type Board } from "../../../utils/register";
import { screen } from "../../../utils/screen";

screen({
  data: { board: null as Board | null, onHome: true },
  async load() {
    const code = this.data.query.code;
    const [place, who] = await Promise.all([look("/public/places/{code}", { path: { code } }), me().catch(() => null)]);
    this.setData({ board: board(place), onHome: placeShown(who) === code });
  },
  choose() {
    choosePlace(this.data.query.code);
    wx.switchTab({ url: "/pages/home/home" });
  },
  call() {
    wx.makePhoneCall({ phoneNumber: (this.data.board as Board).notice?.contact ?? "" });
  },
  onShareAppMessage() {
    const shown = this.data.board as Board | null;
    return shareCard(shown);
  },
});
