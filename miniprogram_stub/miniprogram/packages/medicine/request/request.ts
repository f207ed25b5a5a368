/** One request for medicine: what to do next, how far it is, its questions, code, papers and money. */
import { CHECK, OVER, type Request } from "../../../pages/medicine/words";
import { get, lookAtImage, post, postImage } from "../../../services/api";
import { me } from "../../../services/me";
import { pay } from "../../../services/payment";
import { yuan } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { howAgreed, type Consent } from "../consent";
import { PAPER_ACTS, PAPERS, receipt, shown } from "./shown";

type Tap = WechatMiniprogram.TouchEvent;
const AGAIN_MS = 15_000; // while something is under way and the page is in sight
let timer = 0;

screen({
  data: {
    request: null as Request | null,
    own: false,
    view: null as ReturnType<typeof shown> | null,
    can: {} as Record<string, boolean>,
    code: "",
    receipts: [] as ReturnType<typeof receipt>[],
    payments: [] as { id: string; words: string }[],
    /** After a look: names by line and by question, and what was written beside them. */
    names: null as Record<string, string> | null,
    beside: [] as { name: string; text: string }[],
    pictures: [] as string[],
    files: [] as string[],
    note: "",
    asking: false,
    question: "",
  },

  async load() {
    clearTimeout(timer);
    const path = { request_id: this.data.query.id };
    const [who, request] = await Promise.all([me(), get("/medicine-requests/{request_id}", { path })]);
    const own = who.homes.some((one) => one.id === request.household_id);
    const is = (...statuses: string[]) => statuses.includes(request.status);
    const [receipts, payments, door] = await Promise.all([
      request.prescription || request.insurance_card || request.cards_out ? get("/medicine-requests/{request_id}/custody-receipts", { path }) : null,
      own && is("delivered", "settled") ? get("/medicine-requests/{request_id}/payments", { path }) : null,
      own && is("bought", "delivering") && !this.data.code ? post("/medicine-requests/{request_id}/code", { path }) : null,
    ]);
    const may = (action: string) => request.allowed_actions.includes(action);
    this.setData({
      request,
      own,
      view: shown(request, own),
      can: {
        check: may("check") || may("hold"),
        ask: may("ask_info"),
        amend: may("amend"),
        cancel: may("cancel"),
        pay: own && is("delivered"),
        repeat: own && (is("delivered") || is(...OVER)) && !request.erased_on,
        take: !own && !is(...OVER) && who.permissions.includes(CHECK),
      },
      code: own && is("bought", "delivering") ? (door?.code ?? this.data.code) : "",
      receipts: receipts?.items.map(receipt) ?? [],
      payments: payments?.items.map((one) => ({ id: one.id, words: `${one.method_label} ¥${yuan(one.amount_fen)}，${one.status_label}` })) ?? [],
    });
    const inSight = getCurrentPages().pop()?.data === this.data;
    if (inSight && !is(...OVER)) timer = setTimeout(() => void this.refresh(), AGAIN_MS);
  },
  onHide() {
    clearTimeout(timer);
  },
  onUnload() {
    clearTimeout(timer);
  },

  /** The consent an act needs: none for one's own home; undefined when they did not say. */
  async consent(): Promise<Consent | null | undefined> {
    return this.data.own ? null : ((await howAgreed()) ?? undefined);
  },

  async reveal() {
    const { request, own, can } = this.data;
    if (!request) return;
    const purpose = own ? "own" : can.check ? "check" : "care_visit";
    await this.act("reveal", async () => {
      const path = { request_id: request.id };
      const [clear, ...pictures] = await Promise.all([
        post("/medicine-requests/{request_id}/reveal", { path, body: { purpose } }),
        ...request.photo_ids.map((id) => lookAtImage(`/medicine-photos/${id}/reveal`, { purpose })),
      ]);
      const named = [...clear.lines, ...clear.substitutes].map((one) => [one.id, [one.name, one.specification, one.maker].filter(Boolean).join("，")]);
      const beside = [
        { name: "核对的人问", text: clear.question },
        { name: "住户说明", text: clear.note },
        { name: "病种", text: clear.disease },
      ].filter((one): one is { name: string; text: string } => Boolean(one.text));
      this.setData({ names: Object.fromEntries(named), beside, pictures });
    });
  },
  enlarge(event: Tap) {
    wx.previewImage({ urls: this.data.pictures, current: event.currentTarget.dataset.src as string });
  },

  async answer(event: Tap) {
    const { id, accept, price } = event.currentTarget.dataset as { id: string; accept: boolean; price: string };
    const title = accept ? `同意，花 ¥${price} 买？` : "这种药不要了？";
    const content = accept ? "志愿者马上就买，送到以后再付钱。" : "这次不买这一种，也不用付钱。别的药照买。";
    const { confirm } = await wx.showModal({ title, content, confirmText: accept ? "同意，买" : "不要了", cancelText: "再想想" });
    const consent = confirm ? await this.consent() : undefined;
    if (consent === undefined) return;
    await this.act("answer", () => post("/medicine-questions/{question_id}/answer", { path: { question_id: id }, body: { accept, consent } }), "已答复");
  },

  async check() {
    await this.step("check", () => post("/medicine-requests/{request_id}/check", this.seen({})), "已核对");
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
    const sent = await this.step("ask", () => post("/medicine-requests/{request_id}/ask-info", this.seen({ question })), "已发给住户");
    if (sent) this.setData({ asking: false, question: "" });
  },

  photograph(event: WechatMiniprogram.CustomEvent<{ files: string[] }>) {
    this.setData({ files: event.detail.files });
  },
  async amend() {
    const consent = await this.consent();
    const { request, files, note } = this.data;
    if (consent === undefined || !request) return;
    const sent = await this.step(
      "amend",
      async () => {
        const photo_ids: string[] = [];
        for (const file of files) photo_ids.push((await postImage("/medicine-photos", file, { query: { household: request.household_id } })).id);
        return post("/medicine-requests/{request_id}/amend", this.seen({ note: note.trim() || null, photo_ids, consent }));
      },
      "已补充",
    );
    if (sent) this.setData({ files: [], note: "", names: null, beside: [], pictures: [] });
  },
  async cancel() {
    const { confirm } = await wx.showModal({ title: "取消这份需求？", content: "取消以后不会去买；要的时候可以再申请。", confirmText: "取消需求", cancelText: "不取消" });
    if (confirm) await this.step("cancel", () => post("/medicine-requests/{request_id}/cancel", this.seen({})), "已取消");
  },
  async repeat() {
    const { confirm } = await wx.showModal({ title: "和这次一样，再买一次？", content: "药名、规格、数量和最高价都不变；有人核对以后就去买。", confirmText: "再买一次", cancelText: "先不买" });
    if (!confirm) return;
    const made = await this.act("repeat", () => post("/medicine-requests/{request_id}/repeat", { path: { request_id: this.data.query.id }, body: {} }));
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
    const path = { receipt_id: id };
    if (action === "give_back") {
      await this.act("sign", () => post("/custody-receipts/{receipt_id}/give-back", { path, body: { revision } }), "已登记");
      return;
    }
    const consent = await this.consent();
    if (consent === undefined) return;
    const at = action === "sign_over" ? "/custody-receipts/{receipt_id}/sign-over" : "/custody-receipts/{receipt_id}/sign-back";
    await this.act("sign", () => post(at, { path, body: { revision, consent } }), "已签字");
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
  step(name: string, work: () => Promise<Request>, done: string): Promise<Request | undefined> {
    return this.act(name, work, done);
  },
});
