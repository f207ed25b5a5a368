import { get, post, Problem, type Shape } from "../../../services/api";
import { eraseUnless, heldTasks } from "../../../services/held-tasks";
import { acts, withActs } from "../../../services/outbox";
import { screen } from "../../../utils/screen";
import { myself } from "../volunteer";
import { lease, span, tone } from "../words";

type Claim = Shape<"TaskClaim">;

function card(claim: Claim) {
  const waits = acts().filter(({ event, said }) => event.claim_id === claim.id && !said).length;
  return {
    id: claim.id,
    revision: claim.revision,
    title: claim.title,
    place: claim.place_name,
    span: span(claim.starts_at, claim.ends_at),
    status: claim.status_label,
    tone: tone(claim.status),
    lease: lease(claim),
    due: claim.reminder_due,
    doors: claim.doors ? `${claim.doors_done} / ${claim.doors} 户` : "",
    waits,
    asked: claim.allowed_actions.includes("accept"),
    go: claim.status === "in_progress" ? "继续" : "打开",
  };
}

screen({
  data: { asked: [] as ReturnType<typeof card>[], held: [] as ReturnType<typeof card>[], handed: 0, next: null as string | null, kept: false },

  async load() {
    try {
      const [member, claims, offers] = await Promise.all([myself(), get("/task-claims", { query: { limit: 100 } }), get("/hand-overs")]);
      const theirs = new Set(claims.items.map(({ id }) => id));
      if (!claims.next) eraseUnless((id) => theirs.has(id));
      this.show(claims.items, false);
      this.setData({ handed: offers.items.filter((one) => one.to_volunteer_id === member?.id).length });
    } catch (error) {
      const kept = heldTasks();
      if (!(error instanceof Problem) || error.status !== 0 || !kept.length) throw error;
      this.show(kept.map((one) => withActs(one, acts()).task), true);
    }
  },

  show(claims: Claim[], kept: boolean) {
    const cards = claims.map(card);
    this.setData({ asked: cards.filter((one) => one.asked), held: cards.filter((one) => !one.asked), kept });
  },

  answer(event: WechatMiniprogram.TouchEvent) {
    const { id, yes } = event.currentTarget.dataset as { id: string; yes: boolean };
    const { revision } = this.data.asked.find((one) => one.id === id)!;
    const at = { path: { claim_id: id }, body: { revision } };
    return yes
      ? this.act(`yes-${id}`, () => post("/task-claims/{claim_id}/accept", at), "已接受")
      : this.act(`no-${id}`, () => post("/task-claims/{claim_id}/decline", at), "已答复，谢谢您");
  },
});
