import { get, post, type Shape } from "../../../services/api";
import { when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { sure } from "../choose";
import { myself } from "../volunteer";

type HandOver = Shape<"TaskHandOver">;
type Tap = WechatMiniprogram.TouchEvent;

const card = (one: HandOver) => ({ ...one, at: when(one.offered_at), left: one.doors_left ? `还有 ${one.doors_left} 户没有去` : "" });
type Card = ReturnType<typeof card>;

screen({
  data: { toMe: [] as Card[], byMe: [] as Card[], taking: null as Card | null, pieces: 0 },

  async load() {
    const [me, { items }] = await Promise.all([myself(), get("/hand-overs", { query: { limit: 100 } })]);
    const isMine = (one: HandOver) => one.to_volunteer_id === me?.id;
    this.setData({ toMe: items.filter(isMine).map(card), byMe: items.filter((one) => !isMine(one)).map(card) });
  },

  take(event: Tap) {
    this.setData({ taking: this.data.toMe.find(({ id }) => id === event.currentTarget.dataset.id) ?? null, pieces: 0 });
  },
  close() {
    this.setData({ taking: null });
  },
  count(event: WechatMiniprogram.CustomEvent<{ value: number }>) {
    this.setData({ pieces: event.detail.value });
  },

  async accept() {
    const { taking, pieces } = this.data;
    const answer = await this.act("accept", () => post("/hand-overs/{hand_over_id}/answer", { path: { hand_over_id: taking!.id }, body: { accept: true, pieces } }), "已接手，谢谢");
    if (!answer) return;
    this.close();
    if (answer.new_claim_id) wx.redirectTo({ url: `/packages/volunteer/task/task?id=${answer.new_claim_id}` });
  },
  async decline(event: Tap) {
    const { id, mine } = event.currentTarget.dataset as { id: string; mine: boolean };
    const go = mine ? await sure("收回交接？", "任务留在您手里。", "收回") : await sure("不接？", "任务还在对方手里，没有人会怪您。", "不接");
    if (go) await this.act(`no-${id}`, () => post("/hand-overs/{hand_over_id}/answer", { path: { hand_over_id: id }, body: { accept: false } }), mine ? "已收回" : "已答复");
  },
});
