import { get, type Shape } from "../../../services/api";
import { me } from "../../../services/me";
import { compoundOf, door } from "../../../utils/format";
import { screen } from "../../../utils/screen";
import { needsOf } from "../words";

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
});

interface Home {
  id: string;
  name: string;
  door: string;
  members: { id: string; name: string }[];
}

interface Other {
  id: string;
  door: string;
  who: string;
  needs: string[];
  buyHref: string;
  medicineHref: string;
}

async function homeOf({ id, place_code, room }: Shape<"Home">): Promise<Home> {
  const [place, { items }] = await Promise.all([
    get("/places/{code}", { path: { code: compoundOf(place_code) } }),
    get("/households/{household_id}/patients", { path: { household_id: id } }),
  ]);
  return { id, name: place.name, door: `${door(place_code)}${room}室`, members: items };
}

function otherOf(household: Shape<"Household">): Other {
  const where = `${door(household.place_code)}${household.room}室`;
  return {
    id: household.id,
    door: where,
    who: household.members.map(({ name }) => name).join("、"),
    needs: needsOf(household),
    buyHref: `/packages/groupbuy/orders/orders?household=${household.id}&name=${encodeURIComponent(where)}`,
    medicineHref: `/packages/medicine/ask/ask?household=${household.id}`,
  };
}
