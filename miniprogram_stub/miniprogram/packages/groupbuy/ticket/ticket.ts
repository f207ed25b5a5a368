/** A household's number while its order is handed out. Looks again every ten seconds for as long as its page is in sight
 * and something may still change; sends `moved` when the order itself has gone on. */
import { get, type Shape } from "../../../services/api";
import { day, clock, when } from "../../../utils/format";

const EVERY_MS = 10_000;
const LIVE = ["waiting", "called", "door"];

Component({
  options: { addGlobalClass: true },
  properties: { order: { type: String, value: "" }, campaign: { type: String, value: "" } },
  data: { pickup: null as Shape<"OwnPickup"> | null, serving: "", turn: "", kept: "" },
  lifetimes: {
    attached() {
      this.watch();
    },
    detached() {
      this.stop();
    },
  },
  pageLifetimes: {
    show() {
      this.watch();
    },
    hide() {
      this.stop();
    },
  },
  methods: {
    stop: (() => undefined) as () => void,
    watch() {
      this.stop();
      const timer = setInterval(() => this.look(), EVERY_MS);
      this.stop = () => clearInterval(timer);
      this.look();
    },
    async look() {
      const { order, campaign, pickup: before } = this.data;
      try {
        const [pickup, queue] = await Promise.all([
          get("/orders/{order_id}/pickup", { path: { order_id: order } }),
          get("/campaigns/{campaign_id}/queue", { path: { campaign_id: campaign } }),
        ]);
        this.setData({ pickup, kept: when(pickup.kept_until), serving: queue.now_serving.join("、"), turn: inWords(queue, order) });
        if (!LIVE.includes(pickup.state)) this.stop();
        if (before && before.state !== pickup.state) this.tell(pickup.state);
      } catch {
        // No answer, or a number that is the household's alone: what is shown stays, and the next look may get through.
      }
    },
    tell(state: string) {
      if (state === "called") wx.vibrateShort({ type: "heavy" });
      if (state === "done" || state === "missed") this.triggerEvent("moved");
    },
  },
});

function inWords(queue: Shape<"Queue">, order: string): string {
  const turn = queue.mine.find((one) => one.order_id === order);
  if (turn?.ahead == null) return "";
  const at = turn.expected_at ? `，大约 ${day(turn.expected_at) === "今天" ? clock(turn.expected_at) : when(turn.expected_at)}` : "";
  return turn.ahead ? `前面还有 ${turn.ahead} 个号${at}` : `下一批就是您${at}`;
}
