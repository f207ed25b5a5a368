import { get, patch, post, postImage, type Shape } from "../../../services/api";
import { yuan } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { choose, sure } from "../choose";
import { MISSED } from "../words";
import { bagsOf, fenOf, stateOf, type BagOf, type Line } from "./shown";

type Tap = WechatMiniprogram.TouchEvent;
interface Typed {
  quantity: number;
  yuan: string;
  batch: string;
  expires: string;
  name: string;
  kind: "price" | "substitute";
}
const BLANK: Typed = { quantity: 1, yuan: "", batch: "", expires: "", name: "", kind: "price" };
const tomorrow = () => new Date(Date.now() + 32 * 3600_000).toISOString().slice(0, 10);

screen({
  data: {
    trip: null as Shape<"WholeTrip"> | null,
    bags: null as BagOf[] | null,
    sheet: "" as "" | "buy" | "ask" | "mend",
    line: null as Line | null,
    typed: BLANK,
    fen: null as number | null,
    bought: {} as Record<string, { id: string; revision: number; fen: number; said: string }>,
    files: [] as string[],
    receipts: 0,
    tomorrow: tomorrow(),
  },

  /** The list itself only at a tap: each look at it is recorded. */
  async load() {
    this.setData({ trip: await get("/medicine-trips/{trip_id}", { path: { trip_id: this.data.query.id } }) });
  },
  async reveal() {
    const list = await this.act("reveal", () => post("/medicine-trips/{trip_id}/reveal", { path: this.path(), body: { purpose: "buy" } }));
    if (list) this.setData({ bags: bagsOf(list) });
  },
  path() {
    return { trip_id: this.data.query.id };
  },

  find(event: Tap): Line {
    const { bag, line } = event.currentTarget.dataset as { bag: number; line: number };
    return this.data.bags![bag].lines[line];
  },
  open(event: Tap) {
    const line = this.find(event);
    const sheet = event.currentTarget.dataset.sheet as "buy" | "ask" | "mend";
    this.setData({ sheet, line, typed: { ...BLANK, quantity: line.quantity, kind: "price" }, fen: null, wrong: {} });
  },
  close() {
    this.setData({ sheet: "" });
  },
  type(event: WechatMiniprogram.Input) {
    const field = event.currentTarget.dataset.field as keyof Typed;
    const typed = { ...this.data.typed, [field]: event.detail.value };
    this.setData({ typed, fen: fenOf(typed.yuan) });
  },
  count(event: WechatMiniprogram.CustomEvent<{ value: number }>) {
    this.setData({ typed: { ...this.data.typed, quantity: event.detail.value } });
  },
  /** What came of a line, without another look at the list. */
  mark(id: string, status: string) {
    this.setData({ bags: this.data.bags!.map((bag) => ({ ...bag, lines: bag.lines.map((line) => (line.id === id ? { ...line, status, ...stateOf(status) } : line)) })) });
  },

  async buy() {
    const { line, typed, fen } = this.data;
    if (fen === null) return;
    const read = `${line!.name} ${typed.quantity} 份，一共 ${yuan(fen)} 元。批号 ${typed.batch}，有效期到 ${typed.expires}。`;
    if (!(await sure("买到了？", read, "登记"))) return;
    const body = { line_id: line!.id, quantity: typed.quantity, fen, batch: typed.batch.trim(), expires_on: typed.expires };
    const goods = await this.act("buy", () => post("/medicine-trips/{trip_id}/purchases", { path: this.path(), body }), "已登记");
    if (!goods) return;
    this.close();
    this.mark(line!.id, "bought");
    this.keep(goods);
    if (typed.quantity < line!.quantity) await this.reveal(); // the rest has become a line of its own
  },
  keep(goods: Shape<"Purchase">) {
    const said = `${goods.quantity} 份，${yuan(goods.fen ?? 0)} 元`;
    this.setData({ bought: { ...this.data.bought, [goods.line_id!]: { id: goods.id, revision: goods.revision ?? 1, fen: goods.fen ?? 0, said } } });
  },
  async mend() {
    const { line, fen, bought } = this.data;
    const { id, revision } = bought[line!.id];
    if (fen === null) return;
    const goods = await this.act("mend", () => patch("/medicine-purchases/{purchase_id}", { path: { purchase_id: id }, body: { revision, fen } }), "已改正");
    if (!goods) return;
    this.close();
    this.keep(goods);
  },
  async ask() {
    const { line, typed, fen } = this.data;
    if (fen === null) return;
    const substitute = typed.kind === "substitute";
    const body = { line_id: line!.id, kind: typed.kind, fen, ...(substitute && { name: typed.name.trim() }) };
    const asked = await this.act("ask", () => post("/medicine-trips/{trip_id}/questions", { path: this.path(), body }), "已问住户");
    if (!asked) return;
    this.close();
    this.mark(line!.id, "substitute_pending");
  },
  async miss(event: Tap) {
    const line = this.find(event);
    const reason = await choose(MISSED, `${line.name}：为什么没买到？`);
    if (!reason || !(await sure("没有买到？", `${line.name}：${MISSED[reason]}。登记后会另外安排。`, "登记"))) return;
    const missed = await this.act("miss", () => post("/medicine-trips/{trip_id}/misses", { path: this.path(), body: { line_id: line.id, reason } }), "已登记");
    if (missed) this.mark(line.id, "unavailable");
  },

  async took(event: WechatMiniprogram.CustomEvent<{ files: string[] }>) {
    const [file] = event.detail.files;
    const photo = await this.act("receipt", () => postImage("/medicine-trips/{trip_id}/receipt-photos", file, { path: this.path() }), "小票已上传");
    if (photo) this.setData({ receipts: this.data.receipts + 1 });
  },
});
