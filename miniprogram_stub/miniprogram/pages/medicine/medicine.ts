/** What my homes need of medicine: first what waits for me, then what is under way; what runs out; how to ask. */
import { get, post } from "../../services/api";
import { me, type Me } from "../../services/me";
import { askToNotify } from "../../services/subscribe";
import { screen } from "../../utils/screen";
import { runningOut, sameAgain } from "./courses";
import { CHECK, FOR_OTHERS, MAKE, toRow, type Row } from "./words";

screen({
  data: {
    mayAsk: false,
    /** Where the households live that the person may ask for. */
    others: "",
    mine: [] as Row[],
    running: [] as Row[],
    over: [] as Row[],
    following: null as string | null,
    checks: [] as Row[],
    due: [] as ReturnType<typeof runningOut>,
    courses: 0,
    /** Of those the person cares for, what runs out soon. */
    cared: 0,
    offers: 0,
  },

  async load() {
    const who = await me();
    const may = (permission: string) => who.permissions.includes(permission);
    const place = may(FOR_OTHERS) ? (who.posts[0]?.place_code ?? "") : "";
    const [requests, courses, offers, waiting, cared] = await Promise.all([
      get("/medicine-requests"),
      get("/medicine-courses"),
      get("/medicine-offers"),
      may(CHECK) ? get("/medicine-requests", { query: { status: "submitted" } }) : null,
      place ? get("/medicine-courses", { query: { place } }) : null,
    ]);
    const checks = waiting?.items.filter((one) => one.allowed_actions.some((action) => action === "check" || action === "hold")) ?? [];
    const known = checks.map((one) => one.id);
    this.show(rowsOf(who, requests.items.filter((one) => !known.includes(one.id))), requests.next);
    this.setData({
      mayAsk: may(MAKE) && who.homes.length > 0,
      others: place,
      checks: rowsOf(who, checks),
      due: runningOut(courses.items),
      courses: courses.items.length,
      cared: cared?.items.length ?? 0,
      offers: offers.items.length,
    });
  },

  async more() {
    if (!this.data.following) return;
    const page = await get("/medicine-requests", { query: { after: this.data.following } });
    const { mine, running, over } = this.data;
    this.show([...mine, ...running, ...over, ...rowsOf(await me(), page.items)], page.next);
  },

  show(rows: Row[], following: string | null | undefined) {
    this.setData({
      mine: rows.filter((row) => row.mine),
      running: rows.filter((row) => !row.mine && !row.over),
      over: rows.filter((row) => row.over),
      following: following ?? null,
    });
  },

  ask() {
    wx.navigateTo({ url: "/packages/medicine/ask/ask" });
  },

  async again(event: WechatMiniprogram.TouchEvent) {
    const { ids, words } = this.data.due[event.currentTarget.dataset.index as number];
    const made = await this.act("again", async () => {
      await askToNotify("medicine");
      return (await sameAgain(words)) ? post("/medicine-courses/request", { body: { course_ids: ids } }) : null;
    });
    if (made) wx.navigateTo({ url: `/packages/medicine/request/request?id=${made.id}` });
  },
});

function rowsOf(who: Me, requests: Parameters<typeof toRow>[0][]): Row[] {
  const homes = who.homes.map((one) => one.id);
  return requests.map((one) => toRow(one, homes));
}
