import { look, Problem } from "../../services/api";
import { HOTLINE } from "../../services/config";
import { me } from "../../services/me";
import { choosePlace, chosenPlace, ownPlace, placeShown } from "../../services/place";
import { adopt, step } from "../../services/print";
import { board, placeHref, shareCard, type Board } from "../../utils/register";
import { screen } from "../../utils/screen";
import { campaignsAt, noticesIn, NOTHING, pickupOf, waitingFor, type Open, type Pickup } from "./near";

const REASONS_SHOWN = 2;

screen({
  data: {
    board: null as Board | null,
    moreReasons: 0,
    placeHref: "",
    stranger: true,
    elsewhere: false,
    pickup: null as Pickup | null,
    waiting: NOTHING,
    campaigns: [] as Open[],
    notices: "",
    hotline: HOTLINE,
  },
  async load() {
    const who = await me(true).catch(() => null); // the register is for everyone, also where nobody can sign in
    adopt(who?.print_step);
    if (step() !== this.data.step) this.setData({ step: step() });
    const code = placeShown(who);
    const mine = who !== null && who.homes.length + who.posts.length > 0;
    const before = this.data;
    const around = before.placeHref === placeHref(code) ? before : { campaigns: [], notices: "" }; // of another place: no use
    const [place, pickup, waiting, campaigns, notices] = await Promise.all([
      look("/public/places/{code}", { path: { code } }).catch(forgetGone),
      mine ? pickupOf(before.pickup) : who ? null : before.pickup,
      mine ? waitingFor(before.waiting) : who ? NOTHING : before.waiting,
      campaignsAt(code, around.campaigns),
      noticesIn(code, around.notices),
    ]);
    const shown = board(place);
    this.setData({
      board: { ...shown, reasons: shown.reasons.slice(0, REASONS_SHOWN) },
      moreReasons: Math.max(0, shown.reasons.length - REASONS_SHOWN),
      placeHref: placeHref(code),
      stranger: who !== null && !mine && !chosenPlace(),
      elsewhere: mine && code !== ownPlace(who),
      pickup,
      waiting: { ...waiting, items: waiting.items.filter((one) => one.about !== pickup?.order) },
      campaigns,
      notices,
    });
  },
  async goHome() {
    choosePlace("");
    await this.refresh();
  },
  call() {
    wx.makePhoneCall({ phoneNumber: HOTLINE });
  },
  onShareAppMessage() {
    const shown = this.data.board as Board | null;
    return shareCard(shown);
  },
});

/** A chosen place that is no longer in the register is forgotten, so that the next look shows one's own. */
function forgetGone(error: unknown): never {
  if (error instanceof Problem && error.status === 404) choosePlace("");
  throw error;
}
