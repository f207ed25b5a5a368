import { get, post, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { CHANNELS, OBJECTION_ACTS, PURPOSES, TONES, offered, type Act } from "../words";

type Shown = ReturnType<typeof shown>;

screen({
  data: {
    found: [] as Shown[],
    next: null as string | null,
    reveals: false,
    who: "",
    asked: null as Shown | null,
    name: "",
    act_: null as Act | null,
    reason: "",
    falsified: false,
  },
  async load() {
    const [page, mine] = await Promise.all([read(this.data.query.application), me()]);
    this.setData({ found: page.items.map(shown), next: page.next ?? null, reveals: mine.permissions.includes("certification:objection:reveal"), who: mine.name });
  },
  async more() {
    if (!this.data.next) return;
    const page = await read(this.data.query.application, this.data.next);
    this.setData({ found: [...this.data.found, ...page.items.map(shown)], next: page.next ?? null });
  },
  async reveal(event: WechatMiniprogram.TouchEvent) {
    const purpose = await purposeOf();
    if (!purpose) return;
    const path = { objection_id: event.currentTarget.dataset.id as string };
    const { contact } = (await this.act("reveal", () => post("/objections/{objection_id}/reveal", { path, body: { purpose } }))) ?? {};
    if (!contact) return;
    const phone = /^[\d-]{7,}$/.test(contact);
    const { confirm } = await wx.showModal({ title: "异议人留的联系方式", content: contact, showCancel: phone, cancelText: "关闭", confirmText: phone ? "打电话" : "知道了" });
    if (confirm && phone) wx.makePhoneCall({ phoneNumber: contact });
  },
  ask(event: WechatMiniprogram.TouchEvent) {
    const { index, name } = event.currentTarget.dataset as { index: number; name: string };
    this.setData({ asked: this.data.found[index], name, act_: OBJECTION_ACTS[name], reason: "", falsified: false, wrong: {} });
  },
  close() {
    this.setData({ asked: null });
  },
  type(event: WechatMiniprogram.Input) {
    this.setData({ reason: event.detail.value });
  },
  blame(event: WechatMiniprogram.CustomEvent<{ value: string[] }>) {
    this.setData({ falsified: event.detail.value.length > 0 });
  },
  async sign() {
    const { asked, name, reason, falsified } = this.data;
    if (!asked) return;
    const body = { action: name as "admit", revision: asked.revision, reason: reason.trim() || null, falsified };
    const done = await this.act("sign", () => post("/objections/{objection_id}/answer", { path: { objection_id: asked.id }, body }), "已办理");
    if (done) this.setData({ asked: null });
  },
});

function read(application_id: string | undefined, after?: string) {
  return get("/objections", { query: { application_id, after } });
}

async function purposeOf() {
  try {
    const { tapIndex } = await wx.showActionSheet({ alertText: "为什么要看？会留下记录", itemList: PURPOSES.map(({ label }) => label) });
    return PURPOSES[tapIndex].name;
  } catch {
    return null; // thought better of it
  }
}

function shown(one: Shape<"Objection">) {
  return {
    id: one.id,
    application: one.application_id,
    unit: one.unit.name,
    status: one.status_label ?? "",
    tone: TONES[one.status] ?? "",
    text: one.text,
    answer: one.answer ?? "",
    note: `${when(one.created_at)}，${CHANNELS[one.channel] ?? ""}`,
    contact: !!one.has_contact,
    revision: one.revision,
    acts: offered(OBJECTION_ACTS, one.allowed_actions),
  };
}
