import { get, post, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { left, when } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { TONES } from "../words";

type Application = Shape<"Application">;
screen({
  data: {
    name: "",
    mine: [] as ReturnType<typeof shown>[],
    mineNext: null as string | null,
    all: false,
    rest: [] as ReturnType<typeof shown>[],
    next: null as string | null,
    objections: false,
    districts: [] as string[],
    signing: "",
    signed: [] as { name: string; said: string }[],
  },
  async load() {
    const [person, waiting] = await Promise.all([me(), get("/certifications", { query: { waiting: true } })]);
    const can = (permission: string) => person.permissions.includes(permission);
    this.setData({
      name: person.name,
      mine: waiting.items.map(shown),
      mineNext: waiting.next ?? null,
      objections: can("certification:objection:read"),
      districts: can("certification:application:certify") ? [...new Set(person.posts.map((held) => held.place_code).filter((code) => code.length === 6))] : [],
    });
    if (this.data.all) await this.page(null);
  },
  async more() {
    const { mine, mineNext, all, next } = this.data;
    if (mineNext) {
      const waiting = await get("/certifications", { query: { waiting: true, after: mineNext } });
      this.setData({ mine: [...mine, ...waiting.items.map(shown)], mineNext: waiting.next ?? null });
    } else if (all && next) await this.page(next);
  },
  async everything() {
    this.setData({ all: true });
    await this.page(null);
  },
  async page(after: string | null) {
    const { items, next } = await get("/certifications", { query: { after: after ?? undefined } });
    this.setData({ rest: [...(after ? this.data.rest : []), ...items.map(shown)], next: next ?? null });
  },
  ask(event: WechatMiniprogram.TouchEvent) {
    this.setData({ signing: event.currentTarget.dataset.district as string, signed: [] });
  },
  close() {
    this.setData({ signing: "" });
  },
  async sign() {
    const result = await this.act("sign", () => post("/certification-batches", { body: { district: this.data.signing } }));
    if (!result) return;
    const refused = result.refused.map((one) => ({ name: "没有认定", said: one.detail }));
    const done = result.certified.map((one) => ({ name: one.unit.name, said: one.status_label ?? "" }));
    this.setData({ signed: done.length + refused.length ? [...done, ...refused] : [{ name: "没有公示期满的申报", said: "等公示结束再来签发。" }] });
  },
});

function shown(one: Application) {
  const late = one.review_due_at ? !left(one.review_due_at) : false;
  return { id: one.id, name: one.unit.name, status: one.status_label ?? "", tone: TONES[one.status] ?? "", note: noteOf(one, late), late };
}

function noteOf(one: Application, late: boolean): string {
  if (one.review_due_at) return late ? `已过办理时限（${when(one.review_due_at)}）` : `请在 ${when(one.review_due_at)} 前办理，${left(one.review_due_at)}`;
  if (one.notice_ends_at && one.status === "public_notice") return left(one.notice_ends_at) ? `公示到 ${when(one.notice_ends_at)}` : "公示期满，可以认定";
  if (one.return_due_at) return `请申报人在 ${when(one.return_due_at)} 前补正`;
  if (one.batch) return `第 ${one.batch.number} 批`;
  return `${when(one.created_at)} 申报`;
}
