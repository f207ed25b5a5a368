/** What is taken for long, of my homes and of those I care for: until when it lasts; the next; an end of it. */
import { howLong, howMuch, sameAgain, type Course } from "../../../pages/medicine/courses";
import { FOR_OTHERS, home, REVEAL } from "../../../pages/medicine/words";
import { get, post } from "../../../services/api";
import { me } from "../../../services/me";
import { askToNotify } from "../../../services/subscribe";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { agreed } from "../consent";

type Tap = WechatMiniprogram.TouchEvent;

screen({
  data: {
    mine: [] as ReturnType<typeof shown>[],
    cared: [] as ReturnType<typeof shown>[],
    following: null as string | null,
    names: {} as Record<string, string>,
    mayReveal: false,
  },

  async load() {
    const who = await me();
    const homes = who.homes.map((one) => one.id);
    const place = who.permissions.includes(FOR_OTHERS) ? who.posts[0]?.place_code : undefined;
    const [mine, cared] = await Promise.all([get("/medicine-courses"), place ? get("/medicine-courses", { query: { place } }) : null]);
    const own = mine.items.map((one) => one.id);
    this.setData({
      mayReveal: who.permissions.includes(REVEAL),
      mine: mine.items.map((one) => shown(one, homes, false)),
      cared: cared?.items.filter((one) => !own.includes(one.id)).map((one) => shown(one, homes, true)) ?? [],
      following: mine.next ?? null,
    });
  },
  async more() {
    if (!this.data.following) return;
    const [who, page] = await Promise.all([me(), get("/medicine-courses", { query: { after: this.data.following } })]);
    const homes = who.homes.map((one) => one.id);
    this.setData({ mine: [...this.data.mine, ...page.items.map((one) => shown(one, homes, false))], following: page.next ?? null });
  },

  course(event: Tap) {
    const id = event.currentTarget.dataset.id as string;
    return [...this.data.mine, ...this.data.cared].find((one) => one.id === id) as ReturnType<typeof shown>;
  },

  async reveal(event: Tap) {
    const { id, must_ask } = this.course(event);
    const body = { purpose: must_ask ? ("care_visit" as const) : ("own" as const) };
    const named = await this.act("reveal", () => post("/medicine-courses/{course_id}/reveal", { path: { course_id: id }, body }));
    if (named) this.setData({ names: { ...this.data.names, [id]: [named.name, named.specification, named.maker].filter(Boolean).join("，") } });
  },

  async again(event: Tap) {
    const course = this.course(event);
    const made = await this.act("again", async () => {
      await askToNotify("medicine");
      const consent = (await sameAgain(course.much)) ? await agreed(course) : undefined;
      return consent === undefined ? null : post("/medicine-courses/request", { body: { course_ids: [course.id], consent } });
    });
    if (made) wx.navigateTo({ url: `/packages/medicine/request/request?id=${made.id}` });
  },

  async stop(event: Tap) {
    const content = "这一种的药名和用量马上删除，以后不再提醒。以前的申请不受影响。";
    const { confirm } = await wx.showModal({ title: "不再提醒？", content, confirmText: "删除", cancelText: "留着" });
    const consent = confirm ? await agreed(this.course(event)) : undefined;
    if (consent === undefined) return;
    const path = { course_id: this.course(event).id };
    await this.act("stop", () => post("/medicine-courses/{course_id}/stop", { path, body: { consent } }), "已删除");
  },
});

/** `must_ask`: it is in the list of a place one cares for, not in that of the homes one acts for. */
function shown(course: Course, homes: string[], must_ask: boolean) {
  return {
    id: course.id,
    must_ask,
    where: homes.includes(course.household_id) ? "我家" : home(course),
    much: howMuch(course),
    long: `${howLong(course)}，${day(course.runs_out_on)}用完`,
    due: course.due,
    tone: course.due ? "warn" : "good",
  };
}
