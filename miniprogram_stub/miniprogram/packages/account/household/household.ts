import { get, post, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { day } from "../../../utils/format";
import { needsOf } from "../../../utils/household";
import { screen } from "../../../utils/screen";

screen({
  data: { homes: [] as Home[], others: [] as Other[], next: null as string | null },
  async load() {
    const [who, { items, next }] = await Promise.all([me(true), get("/me/acts-for")]);
    // One has a home or two: each is asked by itself.
    this.setData({ homes: await Promise.all(who.homes.map(homeOf)), others: items.map(otherOf), next: next ?? null });
  },
  async more() {
    const after = this.data.next;
    if (!after) return;
    const { items, next } = await get("/me/acts-for", { query: { after } });
    this.setData({ others: [...(this.data.others as Other[]), ...items.map(otherOf)], next: next ?? null });
  },
  async withdraw(event: WechatMiniprogram.TouchEvent) {
    const { id, name } = event.currentTarget.dataset as { id: string; name: string };
    const { confirm } = await wx.showModal({ title: "撤回授权", content: `撤回后，${name}不能再替您家办事。以后要再请${name}办，跟网格员说一声重新登记。`, confirmText: "撤回" });
    if (confirm) await this.act("withdraw", () => post("/consents/{consent_id}/withdraw", { path: { consent_id: id } }), "已撤回");
  },
});

interface Home {
  id: string;
  address: string;
  members: { id: string; name: string }[];
  needs: string[];
  given: { id: string; name: string; until: string }[];
}

interface Other {
  id: string;
  address: string;
  who: string;
  needs: string[];
  buyHref: string;
  medicineHref: string;
}

async function homeOf({ id, address }: Shape<"Home">): Promise<Home> {
  const path = { household_id: id };
  const [household, consents] = await Promise.all([get("/households/{household_id}", { path }), get("/households/{household_id}/consents", { path })]);
  const given = consents.items.map((consent) => ({ id: consent.id, name: consent.given_to_name, until: day(consent.until) }));
  return { id, address, members: household.members, needs: needsOf(household), given };
}

function otherOf(household: Shape<"ActsFor">): Other {
  return {
    id: household.id,
    address: household.address,
    who: household.members.map(({ name }) => name).join("、"),
    needs: needsOf(household),
    buyHref: `/packages/groupbuy/orders/orders?household=${household.id}`,
    medicineHref: `/packages/medicine/ask/ask?household=${household.id}`,
  };
}
