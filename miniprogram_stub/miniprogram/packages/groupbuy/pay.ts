import { post } from "../../services/api";
import { pay } from "../../services/payment";

/** Pays what is still due of an order. */
export async function payOrder(order_id: string) {
  return pay(await post("/orders/{order_id}/payments", { path: { order_id }, body: { method: "wechat" } }));
}
