import { get, post, type Shape } from "../../../services/api";
import { back } from "../../../utils/back";
import { yuan } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { choose, sure } from "../choose";
import { fenOf } from "../shop/shown";
import { REFUSALS, doorOf } from "../words";

const CHECKS = { code: "住户说收药码", phone: "住户说手机尾号后四位", in_person: "楼栋长或社区当面确认" };
type Check = keyof typeof CHECKS;

screen({
  data: {
    request: null as Shape<"MedicineRequest"> | null,
    door: "",
    checks: (Object.keys(CHECKS) as Check[]).map((code) => ({ code, label: CHECKS[code] })),
    by: "code" as Check,
    said: "",
    paid: "",
    receipt: "",
    fen: 0 as number | null,
  },

  async load() {
    const request = await get("/medicine-requests/{request_id}", { path: { request_id: this.data.query.id } });
    this.setData({ request, door: doorOf(request), receipt: this.data.receipt || `药-${request.id.slice(-8)}` });
  },

  pick(event: WechatMiniprogram.RadioGroupChange) {
    this.setData({ by: event.detail.value as Check, said: "" });
  },
  write(event: WechatMiniprogram.Input) {
    const field = event.currentTarget.dataset.field as "said" | "paid" | "receipt";
    this.setData({ [field]: event.detail.value });
    this.setData({ fen: this.data.paid ? fenOf(this.data.paid) : 0 });
  },

  async handOver() {
    const { by, said, fen, receipt } = this.data;
    if (fen === null) return;
    const cash = fen ? `当面收现金 ${yuan(fen)} 元，收据 ${receipt}。` : "没有收现金。";
    if (!(await sure("交药？", `${CHECKS[by]}。${cash}`, "交药"))) return;
    const body = { by, said, paid_fen: fen, ...(fen && { receipt }) };
    const answer = await this.act("hand", () => post("/medicine-requests/{request_id}/hand-over", { path: { request_id: this.data.query.id }, body }));
    if (!answer) return;
    const { confirm } = await wx.showModal({ ...whatCame(answer, fen), showCancel: false, confirmText: "知道了" });
    if (confirm && answer.handed_over) back();
  },
  async refuse() {
    const refusal = await choose(REFUSALS, "住户为什么不收？");
    if (!refusal || !(await sure("登记拒收？", `${REFUSALS[refusal]}。药请带回社区，钱由社区承担，您不用垫。`, "登记拒收"))) return;
    const path = { request_id: this.data.query.id };
    const refused = await this.act("refuse", () => post("/medicine-requests/{request_id}/refusal", { path, body: { refusal } }), "已登记拒收");
    if (refused) back();
  },
});

function whatCame(answer: Shape<"HandedOver">, paid: number): { title: string; content: string } {
  if (answer.handed_over) {
    const owed = answer.owed_fen > paid ? `住户还欠 ${yuan(answer.owed_fen - paid)} 元。` : "钱已经清了。";
    return { title: "已送到", content: answer.warm ? `${owed}有 ${answer.warm} 样冷藏药超过时限，没有交，会重新买。` : owed };
  }
  if (answer.warm) return { title: "不能交", content: "冷藏药已经超过时限，请带回社区，系统会重新安排。" };
  return { title: "对不上", content: `请再核对一次，还可以试 ${answer.tries_left} 次。` };
}
