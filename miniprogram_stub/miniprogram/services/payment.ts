/** Paying: begun at our server, handed to WeChat, then asked about at our server. Only its word says that it is paid. */
import { post, type Shape } from "./api";

type Payment = Shape<"Payment">;

/** What the server knows of a payment once the person is back from WeChat, whether they paid or closed its window. */
export async function pay(begun: Payment): Promise<Payment> {
  const path = { payment_id: begun.id };
  const { client } = await post("/payments/{payment_id}/prepay", { path });
  try {
    await wx.requestPayment(client as unknown as WechatMiniprogram.RequestPaymentOption);
  } catch {
    // Closed, or cut off on the way: what became of the money is the server's to say.
  }
  return post("/payments/{payment_id}/check", { path });
}
