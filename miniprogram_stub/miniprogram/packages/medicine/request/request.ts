/** One request for medicine: what to do next, how far it is, its questions, code, papers and money. */
import { sameAgain } from "../../../pages/medicine/courses";
import { CHECK, type Request } from "../../../pages/medicine/words";
import { get, post, Problem } from "../../../services/api";
import { me } from "../../../services/me";
import { pay } from "../../../services/payment";
import { askToNotify } from "../../../services/subscribe";
import { yuan } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { agreed } from "../consent";
import { answerChecker, lookInto, sign, type Looked } from "./acts";
import { can, PAPER_ACTS, PAPERS, payment, receipt, shown } from "./shown";

type Tap = WechatMiniprogram.TouchEvent;
/** While somebody is at the counter or on the way, minutes count: the page looks again by itself as long as it is seen. */
const MOVING = ["buying", "substitute_pending", "delivering"];
const BROUGHT = ["delivered", "settled"];
const AGAIN_MS = 10_000;
let timer = 0;
let away = false;

screen({
  data: {
    request: null as Request | null,
    own: false,
    view: null as ReturnType<typeof shown> | null,
    can: {} as Record<string, boolean>,
    owed: "",
    code: "",
    receipts: [] as ReturnType<typeof receipt>[],
    payments: [] as ReturnType<typeof payment>[],
    names: null as Looked["names"] | null,
    beside: [] as Looked["beside"],
    pictures: [] as Looked["pictures"],
    files: [] as string[],
    note: "",
    asking: false,
    question: "",
    /** Over, and no longer to be seen by whoever made it for a neighbour. */
    gone: false,
  },

  async load() {
    clearTimeout(timer);
    away = false;
    let again = true;
    try {
      await this.fill();
    } catch (error) {
      again = error instanceof Problem && error.passing;
      throw error;
    } finally {
      const seen = !away && getCurrentPages().pop()?.data === this.data;
      if (again && seen && MOVING.includes(this.data.request?.status ?? "")) timer = setTimeout(() => void this.refresh(), AGAIN_MS);
    }
  },
  async fill() {
    if (this.data.gone) return;
    const path = { request_id: this.data.query.id };
    const [who, request] = await Promise.all([me(), get("/medicine-requests/{request_id}", { path })]);
    const own = who.homes.some((one) => one.id === request.household_id);
    const may = (action: string) => request.allowed_actions.includes(action);
    const [receipts, payments, door] = await Promise.all([
      request.prescription || request.insurance_card || request.cards_out ? get("/medicine-requests/{request_id}/custody-receipts", { path }) : null,
      request.owed_fen !== null && BROUGHT.includes(request.status) ? get("/medicine-requests/{request_id}/payments", { path }) : null,
      may("code") && !this.data.code ? post("/medicine-requests/{request_id}/code", { path }) : null,
    ]);
    this.setData({
      request,
      own,
      view: shown(request, own),
      can: can(request, !own && who.permissions.includes(CHECK)),
      owed: yuan(request.owed_fen ?? 0),
      code: may("code") ? (door?.code ?? this.data.code) : "",
      receipts: receipts?.items.map(receipt) ?? [],
      payments: payments?.items.map(payment) ?? [],
    });
  },
  onHide() {
    away = true;
    clearTimeout(timer);
  },
  onUnload() {
    away = true;
    clearTimeout(timer);
  },

  async reveal() {
    const { request, can } = this.data;
    if (!request) return;
    const purpose = !request.must_ask ? "own" : can.check ? "check" : "care_visit";
    const looked = await this.act("reveal", () => lookInto(request, purpose));
    if (looked) this.setData({ ...looked });
  },
  enlarge(event: Tap) {
    wx.previewImage({ urls: this.data.pictures, current: event.currentTarget.dataset.src as string });
  },

  async answer(event: Tap) {
    const { id, accept, price } = event.currentTarget.dataset as { id: string; accept: boolean; price: string };
    const title = accept ? `同意，花 ¥${price} 买？` : "这种药不要了？";
    const content = accept ? "志愿者马上就买，送到以后再付钱。" : "这次不买这一种，也不用付钱。别的药照买。";
    const { confirm } = await wx.showModal({ title, content, confirmText: accept ? "同意，买" : "不要了", cancelText: "再想想" });
    const consent = confirm ? await agreed(this.data.request as Request) : undefined;
    if (consent === undefined) return;
    await this.act("answer", () => post("/medicine-questions/{question_id}/answer", { path: { question_id: id }, body: { accept, consent } }), "已答复");
  },

  async check() {
    await this.act("check", () => post("/medicine-requests/{request_id}/check", this.seen({})), "已核对");
  },
  typed(event: WechatMiniprogram.Input) {
    this.setData({ [event.currentTarget.dataset.field as string]: event.detail.value });
  },
  askInfo() {
    this.setData({ asking: true });
  },
  stopAsking() {
    this.setData({ asking: false });
  },
  async sendQuestion() {
    const question = this.data.question.trim();
    const sent = await this.act("ask", () => post("/medicine-requests/{request_id}/ask-info", this.seen({ question })), "已发给住户");
    if (sent) this.setData({ asking: false, question: "" });
  },

  photograph(event: WechatMiniprogram.CustomEvent<{ files: string[] }>) {
    this.setData({ files: event.detail.files });
  },
  async amend() {
    const { request, files, note } = this.data;
    const consent = request ? await agreed(request) : undefined;
    if (consent === undefined || !request) return;
    const sent = await this.act("amend", () => answerChecker(request, files, note, consent), "已补充");
    if (sent) this.setData({ files: [], note: "", names: null, beside: [], pictures: [] });
  },
  async cancel() {
    const { confirm } = await wx.showModal({ title: "取消这份需求？", content: "取消以后不会去买；要的时候可以再申请。", confirmText: "取消需求", cancelText: "不取消" });
    if (!confirm) return;
    const work = async () => {
      await post("/medicine-requests/{request_id}/cancel", this.seen({}));
      this.setData({ gone: this.data.request?.must_ask ?? false });
    };
    await this.act("cancel", work, "已取消");
    if (this.data.gone) wx.switchTab({ url: "/pages/medicine/medicine" });
  },
  async repeat() {
    const request = this.data.request as Request;
    const made = await this.act("repeat", async () => {
      await askToNotify("medicine");
      const consent = (await sameAgain(request.category)) ? await agreed(request) : undefined;
      return consent === undefined ? null : post("/medicine-requests/{request_id}/repeat", { path: { request_id: request.id }, body: { consent } });
    });
    if (made) wx.redirectTo({ url: `/packages/medicine/request/request?id=${made.id}` });
  },

  async take() {
    const tapped = await wx.showActionSheet({ alertText: "收下了什么？", itemList: PAPERS.map((one) => one.label) }).catch(() => null);
    if (!tapped) return;
    const body = { what: PAPERS[tapped.tapIndex].what };
    await this.act("take", () => post("/medicine-requests/{request_id}/custody-receipts", { path: { request_id: this.data.query.id }, body }), "请住户签字");
  },
  async sign(event: Tap) {
    const { id, action, revision, what } = event.currentTarget.dataset as { id: string; action: string; revision: number; what: string };
    const { confirm } = await wx.showModal({ title: `${what}：${PAPER_ACTS[action].label}`, content: PAPER_ACTS[action].says, confirmText: "确认", cancelText: "再看看" });
    if (!confirm) return;
    const consent = action === "give_back" ? null : await agreed(this.data.request as Request);
    if (consent !== undefined) await this.act("sign", () => sign(id, action, revision, consent), "已登记");
  },

  async pay() {
    const paid = await this.act("pay", async () => {
      const path = { request_id: this.data.query.id };
      return pay(await post("/medicine-requests/{request_id}/payments", { path, body: { method: "wechat" } }));
    });
    if (paid) wx.showToast({ title: paid.status_label, icon: "none" });
  },

  /** An act on what is seen: of this request, at the revision shown. */
  seen<B extends object>(body: B) {
    const { id, revision } = this.data.request as Request;
    return { path: { request_id: id }, body: { revision, ...body } };
  },
});
