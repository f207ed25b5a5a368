import { get, post, postImage, Problem, type Shape } from "../../../services/api";
import { erase, heldTask, keep, type Held } from "../../../services/held-tasks";
import { acts, endOf, tell, type Deed } from "../../../services/outbox";
import { inWords, screen } from "../../../utils/screen";
import { choose, sure } from "../choose";
import { EXCUSES, FAILURES, listOf, type FailureCode } from "../words";
import { shown } from "./shown";

type Shown = ReturnType<typeof shown>;
type Tap = WechatMiniprogram.TouchEvent;
const sent = new Set<string>(); // pictures of this run of the app
const WHY_NOT = listOf(FAILURES);

screen({
  data: {
    one: null as Shown | null,
    note: "",
    toHand: [] as Shape<"MedicineRequest">[],
    stop: null as Shown["stops"][number] | null,
    failures: WHY_NOT.codes.map((code, n) => ({ code, label: WHY_NOT.labels[n] })),
  },

  /** What the phone keeps, at once, and in a stairwell for as long as it takes; then what the server knows. */
  async load() {
    const { id } = this.data.query;
    this.show();
    try {
      await this.fetch(id);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) erase(id);
      if (!heldTask(id) || !(error instanceof Problem) || error.status !== 0) throw error;
    }
  },
  show() {
    const kept = heldTask(this.data.query.id);
    if (kept) this.setData({ one: shown(kept, this.data.toHand), state: "ready" });
  },
  async fetch(id: string) {
    const path = { claim_id: id };
    const claim = await get("/task-claims/{claim_id}", { path });
    let held: Held = { ...claim, stops: [] };
    let note = "";
    if (claim.status === "in_progress" && claim.doors && !endOf(id, acts())) {
      try {
        held = await post("/task-claims/{claim_id}/doors", { path });
      } catch (error) {
        if (!(error instanceof Problem) || error.passing) throw error;
        note = error.detail;
      }
    }
    const bags = claim.kind === "medicine_delivery" && held.stops.length;
    const toHand = bags ? (await get("/medicine-requests", { query: { status: "delivering", limit: 100 } })).items : [];
    if (endOf(id, acts())) held.stops = []; // told as over while this was on its way
    keep(held);
    this.setData({ one: shown(held, toHand), note, toHand });
  },

  step(action: "accept" | "decline" | "start" | "extend", done: string) {
    const { id, revision } = this.data.one!.claim;
    return this.act(action, () => post(`/task-claims/{claim_id}/${action}` as "/task-claims/{claim_id}/accept", { path: { claim_id: id }, body: { revision } }), done);
  },
  accept() {
    return this.step("accept", "已接受");
  },
  decline() {
    return this.step("decline", "已答复，谢谢您");
  },
  start() {
    return this.step("start", "开始了");
  },
  extend() {
    return this.step("extend", "时间已延长");
  },

  // --- At the doors: told through the outbox, with or without a network ---

  open(event: Tap) {
    const stop = this.data.one!.stops[event.currentTarget.dataset.index as number];
    if (stop.request) wx.navigateTo({ url: `/packages/volunteer/medicine-door/medicine-door?id=${stop.request}` });
    else this.setData({ stop });
  },
  close() {
    this.setData({ stop: null });
  },
  async settle(event: Tap) {
    const outcome = event.currentTarget.dataset.outcome as "done" | FailureCode;
    const { stop, one } = this.data;
    if (!stop) return; // a second tap
    this.close();
    const came = outcome === "done" ? one!.done : FAILURES[outcome];
    // Without the address: what waits to be told may outlive the task.
    await this.say({ action: "settle", position: stop.position, outcome }, `${one!.claim.title}，第 ${stop.position} 户：${came}`);
  },
  async finish() {
    const { claim, stops, done } = this.data.one!;
    const good = stops.filter((stop) => stop.good).length;
    const read = `一共 ${stops.length} 户：${good} 户${done}${stops.length > good ? `，${stops.length - good} 户没办成` : ""}。`;
    if (await sure("全部办完了？", `${read}交上去以后由另一个人核实，不能再改。`, "办完了")) {
      await this.say({ action: "done", how: "doors" }, `办完了：${claim.title}`);
    }
  },
  async fail() {
    const { title } = this.data.one!.claim;
    const failure = await choose(FAILURES, "为什么没有做成？");
    if (failure && (await sure("没有做成？", `${title}：${FAILURES[failure]}。登记后会有人接着办。`, "登记"))) {
      await this.say({ action: "fail", failure }, `没有做成：${title}（${FAILURES[failure]}）`);
    }
  },
  /** Written down in this very tap, whatever else is under way; only then told. */
  async say(deed: Deed, title: string) {
    const telling = tell(this.data.query.id, deed, title);
    this.show();
    try {
      const known = await telling;
      wx.showToast(known ? { title: "已登记", icon: "success" } : { title: "记在手机上了，联网后自动补交", icon: "none" });
    } catch (error) {
      await wx.showModal({ title: "没有办成", content: inWords(error), showCancel: false, confirmText: "知道了" });
    }
    await this.refresh();
  },

  async ring() {
    const { stop, one } = this.data;
    if (!(await sure(`打给 ${stop!.name}`, "查看住户电话会留下记录。打完请不要另外记下来。", "打电话"))) return;
    const path = { claim_id: one!.claim.id, position: stop!.position };
    const found = await this.act("ring", () => post("/task-claims/{claim_id}/doors/{position}/phone", { path, body: { purpose: one!.claim.kind.startsWith("care_") ? "care_visit" : "deliver" } }));
    if (found) wx.makePhoneCall({ phoneNumber: found.phone });
  },

  // --- Work without doors, and what needs a network ---

  byCode(event: WechatMiniprogram.CustomEvent<{ code: string }>) {
    return this.over({ how: "code", code: event.detail.code }, "已经核实，谢谢您");
  },
  async byPictures(event: WechatMiniprogram.CustomEvent<{ how: "photo" | "signature"; files: string[] }>) {
    const { how, files } = event.detail;
    const path = { claim_id: this.data.one!.claim.id };
    const all = await this.act("pictures", async () => {
      for (const file of files.filter((one) => !sent.has(one))) {
        await postImage("/task-claims/{claim_id}/photos", file, { path });
        sent.add(file); // another try sends no picture twice
      }
      return true;
    });
    if (all) await this.over({ how }, "谢谢您，等人核实");
  },
  over(body: { how: "code" | "photo" | "signature"; code?: string }, done: string) {
    const { id, revision } = this.data.one!.claim;
    return this.act("done", () => post("/task-claims/{claim_id}/done", { path: { claim_id: id }, body: { revision, ...body } }), done);
  },

  async release() {
    const { id, revision } = this.data.one!.claim;
    const excuse = await choose({ none: "不说原因", ...EXCUSES }, "退回任务，没有人会怪您。原因只给协调员安排用。");
    if (!excuse) return;
    const body = excuse === "none" ? { revision } : { revision, excuse };
    await this.act("release", () => post("/task-claims/{claim_id}/release", { path: { claim_id: id }, body }), "已退回，谢谢您");
  },
});
