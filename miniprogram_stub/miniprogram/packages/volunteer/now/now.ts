import { get, post, type Shape } from "../../../services/api";
import { askToNotify } from "../../../services/subscribe";
import { when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { fitness, myself, type Volunteer } from "../volunteer";
import { effort, span } from "../words";

const SHOWN = 6; // more than one reads between two calls

function card(task: Shape<"OfferedTask">) {
  return {
    id: task.id,
    title: task.title,
    place: task.place_name,
    span: task.begins ? `${when(task.begins)} 起您有空` : span(task.starts_at, task.ends_at),
    effort: effort(task),
    urgent: task.urgency >= 5,
    more: task.free > 1 ? `还要 ${task.free} 人` : "",
    why: task.why,
  };
}
type Card = ReturnType<typeof card>;

screen({
  data: {
    member: null as Volunteer | null,
    fit: "" as "yes" | "no" | "",
    held: 0,
    offers: 0,
    tasks: [] as Card[],
    shown: SHOWN,
    not: [] as Card[],
    unfolded: false,
    chosen: null as Card | null,
  },

  async load() {
    const member = await myself();
    this.setData({ member });
    if (!member) return;
    const [{ items }, claims, offers] = await Promise.all([get("/tasks/for-me"), get("/task-claims"), get("/hand-overs")]);
    this.setData({
      fit: fitness(member),
      held: claims.items.length,
      offers: offers.items.filter((one) => one.to_volunteer_id === member.id).length,
      tasks: items.filter((task) => task.offered).map(card),
      not: items.filter((task) => !task.offered).map(card),
    });
  },

  all() {
    this.setData({ shown: this.data.tasks.length });
  },
  fold() {
    this.setData({ unfolded: !this.data.unfolded });
  },
  choose(event: WechatMiniprogram.TouchEvent) {
    this.setData({ chosen: this.data.tasks.find(({ id }) => id === event.currentTarget.dataset.id) ?? null });
  },
  close() {
    this.setData({ chosen: null });
  },

  async say(event: WechatMiniprogram.CustomEvent<{ fit: boolean }>) {
    const { fit } = event.detail;
    const path = { volunteer_id: this.data.member!.id };
    await this.act("fit", () => post("/volunteers/{volunteer_id}/fitness", { path, body: { fit } }), fit ? "谢谢您" : "请好好休息");
  },

  async claim() {
    const { chosen, busy } = this.data;
    if (!chosen || busy) return;
    const work = async () => {
      await askToNotify("task");
      return post("/tasks/{task_id}/claim", { path: { task_id: chosen.id } });
    };
    const claim = await this.act("claim", work, "归您了");
    this.close();
    if (claim) wx.navigateTo({ url: `/packages/volunteer/task/task?id=${claim.id}` });
  },
});
