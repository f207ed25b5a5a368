import { get, patch, post, type Shape } from "../../../services/api";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { sure } from "../choose";
import { fitness, myself, type Volunteer } from "../volunteer";
import { kilos, minutes } from "../words";

type Change = Shape<"ChangeVolunteer">;
const PERIODS = [
  { label: "最近 7 天", days: 7 },
  { label: "最近 30 天", days: 30 },
  { label: "最近一年", days: 366 },
];
const DAY_MS = 24 * 3600_000;

interface Paper {
  id: string;
  number: string;
  span: string;
  sentence: string;
  issued: string;
}

/** A day of Wuhan, so many days from today. */
const date = (days: number) => new Date(Date.now() + 8 * 3600_000 + days * DAY_MS).toISOString().slice(0, 10);

screen({
  data: {
    member: null as (Volunteer & { posts_label: string; most: string }) | null,
    fit: "" as "yes" | "no" | "",
    periods: PERIODS,
    period: 1,
    sentence: "",
    waiting: 0,
    hours: "",
    certificates: [] as Paper[],
    next: null as string | null,
    from: "",
    until: "",
    leaves: "",
    tomorrow: date(1),
  },

  async load() {
    const member = await myself();
    if (!member) {
      this.setData({ member });
      return;
    }
    const since = date(1 - PERIODS[this.data.period].days);
    const [done, papers] = await Promise.all([get("/me/service-record", { query: { since, until: date(0) } }), get("/me/service-certificates")]);
    const carries = member.carry_grams ? `一次最多 ${kilos(member.carry_grams)}` : "";
    this.setData({
      member: {
        ...member,
        posts_label: member.posts.map((one) => `${one.place_name}${one.label}`).join("、") || "还没有",
        most: [`一天最多 ${minutes(member.minutes_a_day)}`, carries, member.max_floor ? `最高 ${member.max_floor} 楼` : ""].filter(Boolean).join("，"),
      },
      fit: fitness(member),
      sentence: done.sentence,
      waiting: done.waiting,
      hours: minutes(done.minutes),
      from: member.free_from?.slice(0, 5) ?? "",
      until: member.free_until?.slice(0, 5) ?? "",
      leaves: member.withdraws_on ? day(member.withdraws_on) : "",
      tomorrow: date(1),
    });
    this.show(papers, []);
  },

  show(papers: Shape<"CertificatePage">, before: Paper[]) {
    const certificates = papers.items.map((one) => ({ id: one.id, number: one.number, span: `${one.since} 至 ${one.until}`, sentence: one.sentence, issued: day(one.issued_at) }));
    this.setData({ certificates: [...before, ...certificates], next: papers.next ?? null });
  },
  async more() {
    if (!this.data.next) return;
    this.show(await get("/me/service-certificates", { query: { after: this.data.next } }), this.data.certificates);
  },

  async pick(event: WechatMiniprogram.TouchEvent) {
    this.setData({ period: event.currentTarget.dataset.index as number });
    await this.refresh();
  },
  async say(event: WechatMiniprogram.CustomEvent<{ fit: boolean }>) {
    const { fit } = event.detail;
    const path = { volunteer_id: this.data.member!.id };
    await this.act("fit", () => post("/volunteers/{volunteer_id}/fitness", { path, body: { fit } }), fit ? "谢谢您" : "请好好休息");
  },
  copy(event: WechatMiniprogram.TouchEvent) {
    wx.setClipboardData({ data: event.currentTarget.dataset.number as string });
  },

  change(body: Omit<Change, "revision">, done: string) {
    const { id, revision } = this.data.member!;
    return this.act("change", () => patch("/volunteers/{volunteer_id}", { path: { volunteer_id: id }, body: { revision, ...body } }), done);
  },
  setFree(event: WechatMiniprogram.PickerChange) {
    const end = event.currentTarget.dataset.end as "from" | "until";
    const at = event.detail.value as string;
    const free = { from: this.data.from, until: this.data.until, [end]: at };
    this.setData(free);
    if (free.from && free.until) return this.change({ free_from: `${free.from}:00`, free_until: `${free.until}:00` }, "已修改");
  },
  anyTime() {
    return this.change({ free_from: null, free_until: null }, "已修改");
  },
  async withdraw(event: WechatMiniprogram.PickerChange) {
    const on = event.detail.value as string;
    if (await sure("登记撤回日期？", `从${day(on)}起不再给您派任务。可以再改。`, "登记")) await this.change({ withdraws_on: on }, "已登记");
  },
  stay() {
    return this.change({ withdraws_on: null }, "已取消");
  },
  async leave() {
    const { id, revision } = this.data.member!;
    if (!(await sure("退出工作队？", "您的岗位会结束，手里的任务会让给别人。做过的服务记录都留着，谢谢您。", "退出"))) return;
    await this.act("leave", () => post("/volunteers/{volunteer_id}/leave", { path: { volunteer_id: id }, body: { revision } }), "已退出，谢谢您");
  },
});
