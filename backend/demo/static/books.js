// A group buy's money: where every fen is, what was paid out and handed in. The hands are separate: the organiser pays
// out of their own, the community takes down what is handed in.

import { all, get, post } from "./api.js";
import { ask, button, field, h, line, lines, message, words } from "./dom.js";
import { radios } from "./basket.js";
import { fen, stairwell, yuan } from "./group_words.js";
import { download } from "./paper.js";

const COMMUNITY = "payments:payment:read";
const OPEN = new Set(["ordered", "in_transit", "arrived", "handing_out"]);

export async function book(desk, campaign, organises) {
  const [{ totals }, sheet] = await Promise.all([
    get(`/campaigns/${campaign.id}/statement`, { limit: 1 }), get(`/public/campaigns/${campaign.id}/price-sheet`)]);
  const left = totals.filter((one) => one.amount_fen);
  const community = desk.may(COMMUNITY) && !organises;
  const steps = OPEN.has(campaign.status) ? [
    (organises || community) && button("付货款、运费", () => payOut(desk, campaign, community)),
    community && button("登记团长上交", () => handIn(desk, campaign)),
    community && button("归还团长垫付", () => giveBack(desk, campaign)),
    community && button("互助金承担亏空", () => bear(desk, campaign)),
  ].filter(Boolean) : [];
  return h("details", { open: true }, h("summary", {}, "账目"), h("div", { class: "stack" },
    left.length ? h("p", { class: "muted" }, "正的是收着的钱，负的是还要付出去的；结算时都归零。") : null,
    left.length ? lines(...left.map((one) => line(one.label, h("span", { class: "number" }, yuan(one.amount_fen))))) : message("good", "每个账户都是零。"),
    paid(sheet), organises && await cashBack(desk, campaign),
    h("div", { class: "choices" }, ...steps, button("下载表格", () =>
      download(`/campaigns/${campaign.id}/statement`, { format: "xlsx" }, `${campaign.title}.xlsx`)))));
}

function paid(sheet) {
  const rows = sheet.payouts.map((one) => line(one.what, `${yuan(one.amount_fen)}，从${one.account}付，收据 ${one.receipt}`));
  const shares = [line("团长所得", sheet.organiser_got_fen === null ? null : yuan(sheet.organiser_got_fen)),
    line("结余转互助金", sheet.surplus_fen === null ? null : yuan(sheet.surplus_fen))];
  return [...rows, ...shares].some(Boolean) ? lines(...rows, ...shares) : null;
}

/** What was paid in cash goes back in cash, against a receipt. */
async function cashBack(desk, campaign) {
  const [refunds, orders] = await Promise.all([all("/refunds", { status: "pending" }), all(`/campaigns/${campaign.id}/orders`)]);
  const homes = new Map(orders.map((order) => [order.id, order]));
  const mine = refunds.filter((refund) => homes.has(refund.subject_id) && refund.allowed_actions.includes("hand_back"));
  if (!mine.length) return null;
  return h("div", { class: "stack near" }, h("h3", {}, `要退的现金：${mine.length} 户`), h("ul", { class: "rows" }, mine.map((refund) => {
    const order = homes.get(refund.subject_id);
    const door = `${stairwell(order.place_code)} ${order.room}`;
    return h("li", { class: "row" }, h("span", {}, door, " ", h("b", { class: "number" }, yuan(refund.amount_fen))), button("已退", () => ask({
      title: `退现金给 ${door}`, yes: `退了 ${yuan(refund.amount_fen)}`, fields: [receipt(`T${refund.number.slice(-8)}`)],
    }, (form) => desk.act(() => post(`/refunds/${refund.id}/hand-back`, { receipt: form.receipt.value }), "退款已登记。"))));
  })));
}

const amount = () => field("金额（元）", h("input", { name: "amount", type: "number", min: "0.01", step: "0.01", inputmode: "decimal", required: true }));
const receipt = (value) => field("收据号", h("input", { name: "receipt", required: true, maxlength: 40, value }));

function payOut(desk, campaign, community) {
  const from = community ? { community_float: "社区周转金", merchant: "商户号（线上收款）" } : { organiser: "我手里的现金" };
  booked(desk, campaign, "payouts", "付货款、运费", [
    radios("付什么", "what", { supplier: "货款", freight: "运费" }, "supplier"), radios("从哪里付", "from", from, Object.keys(from)[0])],
  (form) => ({ what: form.what.value, from: form.from.value }));
}

const handIn = (desk, campaign) => booked(desk, campaign, "remittances", "登记团长上交现金", [], () => ({ organiser_id: campaign.organiser_id }));

const giveBack = (desk, campaign) => booked(desk, campaign, "reimbursements", "归还团长垫付", [
  radios("从哪里付", "from", { community_float: "社区周转金", merchant: "商户号（线上收款）" }, "community_float")],
(form) => ({ organiser_id: campaign.organiser_id, from: form.from.value }));

function booked(desk, campaign, path, title, fields, more) {
  ask({ title, yes: "记账", fields: [...fields, amount(), receipt()] }, (form) => desk.act(
    () => post(`/campaigns/${campaign.id}/${path}`, { ...more(form), amount_fen: fen(form.amount), receipt: form.receipt.value }), "已记账。"));
}

function bear(desk, campaign) {
  ask({ title: "互助金承担亏空", words: "确属亏空时才用，最多到差的数。", yes: "记账", fields: [amount(), field("原因", words("reason", { required: true }))] },
    (form) => desk.act(() => post(`/campaigns/${campaign.id}/losses`, { amount_fen: fen(form.amount), reason: form.reason.value }), "已记账。"));
}
