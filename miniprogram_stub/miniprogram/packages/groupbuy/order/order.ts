import { get, look, post, Problem, type Shape } from "../../../services/api";
import { when, yuan } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { payOrder } from "../pay";
import { extras, shown, type Order } from "./shown";

type Tap = WechatMiniprogram.TouchEvent;
type Change = Shape<"Change">;
type Question = Shape<"Question"> & { until: string; price: string };

const BEFORE_CUT_OFF = ["awaiting_payment", "paid", "on_delivery", "sponsored"];

screen({
  data: {
    order: null as Order | null,
    shown: null as ReturnType<typeof shown> | null,
    due: "0.00",
    canPay: false,
    called: false,
    canCancel: false,
    canChange: false,
    canClaim: false,
    sentences: [] as string[],
    questions: [] as Question[],
    payments: [] as { id: string; name: string; note: string; value: string }[],
    claims: [] as Shape<"Claim">[],
    recalls: [] as Shape<"RecallNotice">[],
    change: null as Change | null,
    canWithdraw: false,
    extras: [] as ReturnType<typeof extras>,
    more: {} as Record<string, number>,
    offered: {} as Record<string, number>,
  },

  async load() {
    const path = { order_id: this.data.query.id };
    const order = await get("/orders/{order_id}", { path });
    const may = (action: string) => order.allowed_actions.includes(action);
    const [campaign, why, paid, claims, recalls, changes] = await Promise.all([
      look("/public/campaigns/{campaign_id}", { path: { campaign_id: order.campaign_id } }),
      BEFORE_CUT_OFF.includes(order.status) ? null : get("/orders/{order_id}/explanation", { path }),
      order.paid_fen ? ifSeen(get("/orders/{order_id}/payments", { path })) : null,
      order.allocation ? get("/orders/{order_id}/claims", { path }) : null,
      order.allocation ? get("/recalls") : null,
      may("change") ? get("/change-requests", { query: { order: order.id, status: "open" } }) : null,
    ]);
    const change = changes?.items[0] ?? null;
    this.setData({
      order,
      shown: shown(order, campaign),
      due: yuan(order.due_fen - order.paid_fen),
      canPay: may("pay"),
      called: ["ready", "not_collected"].includes(order.status),
      canCancel: may("cancel"),
      canChange: may("change") && !change,
      canClaim: may("dispute"),
      sentences: why?.sentences ?? [],
      questions: (why?.questions ?? []).map((one) => ({ ...one, until: when(one.answer_by), price: yuan(one.price_fen) })),
      payments: (paid?.items ?? []).filter(({ succeeded_at }) => succeeded_at).map(paidRow),
      claims: claims?.items ?? [],
      recalls: (recalls?.items ?? []).filter(({ order_id }) => order_id === order.id),
      change,
      canWithdraw: change?.allowed_actions.includes("withdraw") ?? false,
      extras: extras(order, campaign),
    });
  },

  async pay() {
    const paid = await this.act("pay", () => payOrder(this.data.query.id));
    if (paid) wx.showToast(paid.status === "succeeded" ? { title: "已付款", icon: "success" } : { title: paid.status_label, icon: "none" });
  },

  async cancel() {
    const order = this.data.order as Order;
    const content = order.paid_fen ? `份额让给邻居，已付的 ¥${yuan(order.paid_fen)} 退给付款的人。` : "份额让给邻居，取消后不能恢复。";
    const { confirm } = await wx.showModal({ title: "取消这张订单？", content, confirmText: "取消订单", cancelText: "不取消" });
    if (confirm) await this.act("cancel", () => post("/orders/{order_id}/cancel", { path: { order_id: order.id }, body: { revision: order.revision } }), "已取消");
  },

  async answer(event: Tap) {
    const { question, accept } = event.currentTarget.dataset as { question: Question; accept: boolean };
    const { confirm } = await wx.showModal({
      title: accept ? `换成${question.name}？` : "不换？",
      content: accept ? `每份 ¥${question.price}，差价退给您。先答复的先换，换完为止。` : "没到的退款。",
      confirmText: accept ? "换" : "不换",
    });
    if (!confirm) return;
    const path = { order_id: this.data.query.id, substitute_id: question.substitute_id };
    await this.act(question.substitute_id, () => post("/orders/{order_id}/substitutes/{substitute_id}/answer", { path, body: { accept } }), "已记下");
  },

  async withdraw() {
    const change = this.data.change as Change;
    const { confirm } = await wx.showModal({ title: "撤回申请？", content: "订单照旧归这一户。", confirmText: "撤回" });
    if (confirm) await this.act("withdraw", () => post("/change-requests/{change_id}/withdraw", { path: { change_id: change.id }, body: { revision: change.revision } }), "已撤回");
  },

  count(event: WechatMiniprogram.CustomEvent<{ value: number }>) {
    this.setData({ more: { ...this.data.more, [event.currentTarget.dataset.id as string]: event.detail.value } });
  },

  /** One more is fine, if it fills a case: kept by the server as consent, and used only then. */
  async offer(event: Tap) {
    const item_id = event.currentTarget.dataset.id as string;
    const body = { item_id, quantity: this.data.more[item_id] ?? 1 };
    const kept = await this.act(item_id, () => post("/orders/{order_id}/extra-offers", { path: { order_id: this.data.query.id }, body }), "记下了");
    if (kept) this.setData({ offered: { ...this.data.offered, [item_id]: kept.quantity } });
  },
});

/** How it was paid is for the household and the till: whoever else may see the order is not told. */
async function ifSeen<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

function paidRow(one: Shape<"Payment">) {
  const note = [when(one.succeeded_at), one.refunded_fen ? `其中退回 ¥${yuan(one.refunded_fen)}` : ""].filter(Boolean).join("，");
  return { id: one.id, name: one.method_label, note, value: `¥${yuan(one.amount_fen)}` };
}
