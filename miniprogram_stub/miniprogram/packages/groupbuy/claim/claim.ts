import { get, getImage, post, postImage, type Shape } from "../../../services/api";
import { CONSENTS } from "../../../utils/household";
import { screen } from "../../../utils/screen";
import type { Option } from "../options/options";
import { CLAIMS, said } from "../words";
import { shown } from "./shown";

type Line = Shape<"OrderLine">;
type Shown = ReturnType<typeof shown>;
type Step = Shown["actions"][number];
type New = Shape<"NewClaim">;

/** What was wrong with an order (`order`), and what came of it; a message leads here by a claim (`id`). */
screen({
  data: {
    order: null as Shape<"Order"> | null,
    claims: [] as Shown[],
    canFile: false,
    behalf: false,
    goods: [] as Option[],
    line: null as Line | null,
    kinds: CLAIMS,
    kind: "" as New["kind"] | "",
    quantity: 1,
    grams: "",
    text: "",
    consents: [...CONSENTS],
    consent: "" as Exclude<New["consent"], null | undefined> | "",
    files: [] as string[],
    sent: {} as Record<string, string>,
    photos: {} as Record<string, string>,
  },

  async load() {
    const { id, order: given } = this.data.query;
    const order_id = given ?? (await get("/claims/{claim_id}", { path: { claim_id: id } })).order_id;
    const path = { order_id };
    const [order, claims] = await Promise.all([get("/orders/{order_id}", { path }), get("/orders/{order_id}/claims", { path })]);
    const had = order.lines.filter((line) => line.allocated);
    const canFile = order.allowed_actions.includes("dispute") && had.length > 0;
    const whose = canFile ? await get("/households/{household_id}", { path: { household_id: order.household_id } }) : null;
    this.setData({
      order,
      claims: claims.items.map(shown),
      canFile,
      behalf: whose?.must_ask ?? false,
      goods: had.map((line) => ({ value: line.item_id, label: line.name, note: `收到 ${line.grams ? `${line.grams} 克` : `${line.allocated} ${line.share_label}`}` })),
      line: had.find((line) => line.item_id === this.data.line?.item_id) ?? had[0] ?? null,
    });
  },

  choose(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    this.setData({ [event.currentTarget.dataset.name as string]: event.detail.value });
  },

  chooseLine(event: WechatMiniprogram.CustomEvent<{ value: string }>) {
    this.setData({ line: this.data.order?.lines.find((line) => line.item_id === event.detail.value) ?? null, quantity: 1, grams: "" });
  },

  count(event: WechatMiniprogram.CustomEvent<{ value: number }>) {
    this.setData({ quantity: event.detail.value });
  },

  type(event: WechatMiniprogram.Input) {
    this.setData({ [event.currentTarget.dataset.name as string]: event.detail.value });
  },

  photograph(event: WechatMiniprogram.CustomEvent<{ files: string[] }>) {
    this.setData({ files: event.detail.files });
  },

  async file() {
    const { order, line, kind, quantity, grams, text, behalf, consent } = this.data;
    if (!order || !line) return;
    const much = line.grams ? `${grams || 0} 克` : `${quantity} ${line.share_label}`;
    const { confirm } = await wx.showModal({
      title: "提出异议？",
      content: `${line.name} ${much}，${said(CLAIMS, kind) || "什么问题还没有选"}。团长会先答复，谈不拢由社区裁定。`,
      confirmText: "提出",
    });
    if (!confirm) return;
    const filed = await this.act("file", async () => {
      const photo_ids = await this.sendPhotos(order.id);
      const howMuch = line.grams ? { grams: Number(grams) || 0 } : { quantity };
      const body = { item_id: line.item_id, kind: kind as New["kind"], text, photo_ids, consent: behalf ? consent || null : null, ...howMuch };
      return post("/orders/{order_id}/claims", { path: { order_id: order.id }, body });
    }, "已提出");
    if (filed) this.setData({ text: "", files: [], quantity: 1, grams: "", kind: "" });
  },

  /** Each photo once, however often the claim itself is tried. */
  async sendPhotos(order: string): Promise<string[]> {
    const ids: string[] = [];
    for (const file of this.data.files) {
      const id = this.data.sent[file] ?? (await postImage("/photos", file, { query: { order } })).id;
      this.setData({ sent: { ...this.data.sent, [file]: id } });
      ids.push(id);
    }
    return ids;
  },

  async step(event: WechatMiniprogram.TouchEvent) {
    const { claim, step } = event.currentTarget.dataset as { claim: Shown; step: Step };
    const { confirm } = await wx.showModal({ title: `${step.name}？`, content: step.says, confirmText: step.name });
    if (!confirm) return;
    const asked = { path: { claim_id: claim.id }, body: { revision: claim.revision } };
    await this.act(step.action, () => {
      if (step.action === "agree") return post("/claims/{claim_id}/agree", asked);
      return step.action === "escalate" ? post("/claims/{claim_id}/escalate", asked) : post("/claims/{claim_id}/withdraw", asked);
    }, "已办理");
  },

  /** Only when asked for: a photo may show somebody's kitchen. */
  async seePhoto(event: WechatMiniprogram.TouchEvent) {
    const id = event.currentTarget.dataset.id as string;
    const src = await getImage(`/photos/${id}`).catch(() => "");
    if (src) this.setData({ photos: { ...this.data.photos, [id]: src } });
    else wx.showToast({ title: "照片现在打不开", icon: "none" });
  },
});
