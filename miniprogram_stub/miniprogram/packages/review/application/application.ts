import { get, post, type Shape } from "../../../services/api";
import { serverTime } from "../../../services/clock";
import { me } from "../../../services/me";
import { day, left, when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import type { TimelineStep } from "../../../components/timeline/timeline";
import { itemsOf, type Item } from "../evidence";
import { ACTS, ITEMS, TONES, offered, type Act } from "../words";

type Application = Shape<"ApplicationDetail">;
const OFFICE = "office_phone"; // the last one published, offered the next time
const SOON_MS = 15 * 60_000;
let ending = 0;

screen({
  data: {
    application: null as Application | null,
    tone: "",
    facts: [] as { title: string; value: string }[],
    filed: "",
    items: [] as Item[],
    unfolded: "",
    steps: [] as TimelineStep[],
    main: null as { name: string; label: string } | null,
    others: [] as { name: string; label: string; kind: string }[],
    objections: [] as Shape<"Objection">[],
    who: "",
    asked: "",
    act_: null as Act | null,
    reason: "",
    contact: "",
    chosen: [] as string[],
    reopened: [] as { item: string; title: string }[],
    answers: {} as Record<string, string>,
  },
  async load() {
    const id = this.data.query.id;
    const mine = await me();
    const [application, objections] = await Promise.all([
      get("/certifications/{application_id}", { path: { application_id: id } }),
      mine.permissions.includes("certification:objection:read") ? get("/objections", { query: { application_id: id } }) : null,
    ]);
    const acts = offered(ACTS, application.allowed_actions);
    const main = acts.find(({ kind }) => kind === "main") ?? null;
    const { filing } = application;
    this.setData({
      application,
      tone: TONES[application.status] ?? "",
      facts: factsOf(application),
      filed: `第 ${filing.number} 次提交，按${day(filing.as_of)}的记录`,
      items: itemsOf(filing),
      steps: stepsOf(application),
      main,
      others: acts.filter((one) => one.name !== main?.name),
      objections: objections?.items ?? [],
      who: mine.name,
      reopened: (application.reopened ?? []).map((item) => ({ item, title: ITEMS[item] ?? item })),
    });
    this.watch(application);
  },
  /** Whoever waits with the page open for the end of the notice sees it end. */
  watch({ status, notice_ends_at }: Application) {
    clearTimeout(ending);
    const wait = Date.parse(notice_ends_at ?? "") - Date.parse(serverTime());
    if (status === "public_notice" && wait > 0 && wait < SOON_MS) ending = setTimeout(() => this.refresh(), wait + 1000);
  },
  onHide() {
    clearTimeout(ending);
  },
  onUnload() {
    clearTimeout(ending);
  },
  unfold(event: WechatMiniprogram.TouchEvent) {
    const item = event.currentTarget.dataset.item as string;
    this.setData({ unfolded: this.data.unfolded === item ? "" : item });
  },
  ask(event: WechatMiniprogram.TouchEvent) {
    const asked = event.currentTarget.dataset.name as string;
    this.setData({ asked, act_: ACTS[asked], reason: "", chosen: [], answers: {}, wrong: {}, contact: (wx.getStorageSync(OFFICE) as string) || "" });
  },
  close() {
    this.setData({ asked: "" });
  },
  type(event: WechatMiniprogram.Input) {
    this.setData({ [event.currentTarget.dataset.field as string]: event.detail.value });
  },
  answer(event: WechatMiniprogram.Input) {
    this.setData({ answers: { ...this.data.answers, [event.currentTarget.dataset.item as string]: event.detail.value } });
  },
  choose(event: WechatMiniprogram.CustomEvent<{ value: string[] }>) {
    this.setData({ chosen: event.detail.value });
  },
  async sign() {
    const { asked, contact } = this.data;
    const { id, revision } = this.data.application as Application;
    const done = await this.act("sign", () => sign(asked, id, revision, this.data), "已办理");
    if (!done) return;
    if (asked === "publish") wx.setStorageSync(OFFICE, contact);
    this.setData({ asked: "" });
  },
});

function sign(name: string, application_id: string, revision: number, said: { reason: string; contact: string; chosen: string[]; answers: Record<string, string> }): Promise<unknown> {
  const path = { application_id };
  const reasoned = { path, body: { revision, reason: said.reason.trim() || null } };
  if (name === "take_up") return post("/certifications/{application_id}/take-up", reasoned);
  if (name === "approve") return post("/certifications/{application_id}/approve", reasoned);
  if (name === "reject") return post("/certifications/{application_id}/reject", reasoned);
  if (name === "withdraw") return post("/certifications/{application_id}/withdraw", reasoned);
  if (name === "revoke") return post("/certifications/{application_id}/revoke", reasoned);
  if (name === "certify") return post("/certifications/{application_id}/certify", { path, body: { revision } });
  if (name === "publish") return post("/certifications/{application_id}/publish", { path, body: { revision, contact: said.contact.trim() } });
  if (name === "return") return post("/certifications/{application_id}/return", { path, body: { ...reasoned.body, items: said.chosen } });
  const answers = Object.fromEntries(Object.entries(said.answers).filter(([, words]) => words.trim()));
  return post("/certifications/{application_id}/resubmit", { path, body: { revision, answers } });
}

function factsOf(one: Application): { title: string; value: string }[] {
  const notice = one.notice_ends_at ? `${when(one.notice_starts_at)} 到 ${when(one.notice_ends_at)}` : "";
  const facts = [
    { title: "办理时限", value: one.review_due_at ? `${when(one.review_due_at)}，${left(one.review_due_at) || "已经过了"}` : "" },
    { title: "补正时限", value: one.return_due_at ? `${when(one.return_due_at)}，${left(one.return_due_at) || "已经过了"}` : "" },
    { title: "退回的项目", value: (one.reopened ?? []).map((item) => ITEMS[item] ?? item).join("、") },
    { title: "公示期", value: notice },
    { title: "公示暂停", value: one.notice_remaining_seconds == null ? "" : `恢复后还有 ${Math.ceil(one.notice_remaining_seconds / 60)} 分钟` },
    { title: "监督电话", value: one.notice_contact ?? "" },
    { title: "批次", value: one.batch ? `第 ${one.batch.number} 批，${day(one.batch.day)}` : "" },
    { title: "认定时间", value: when(one.certified_at) },
    { title: "结束时间", value: when(one.ended_at) },
  ];
  return facts.filter(({ value }) => value);
}

/** What was done, signed by name; and where it stands now. */
function stepsOf({ history, status_label, ended_at, status }: Application): TimelineStep[] {
  const met: Record<string, number> = {};
  const steps: TimelineStep[] = history.map((event) => {
    met[event.label] = (met[event.label] ?? 0) + 1;
    const name = met[event.label] > 1 ? `${event.label}（第 ${met[event.label]} 次）` : event.label;
    return { name, note: `${when(event.at)}，${event.by}${event.reason ? `：${event.reason}` : ""}`, state: "done" };
  });
  const last = ended_at ? "ended" : status === "certified" ? "done" : "now";
  return [...steps, { name: `现在：${status_label ?? ""}`, state: last }];
}
