import { get, type Shape } from "../../../services/api";
import { day } from "../../../utils/format";
import { screen } from "../../../utils/screen";

const card = (trip: Shape<"Trip">) => ({
  id: trip.id,
  name: trip.pharmacy_name ?? "社区存药",
  note: [trip.day ? day(trip.day) : "", `${trip.count ?? 0} 户`, trip.volunteer_name ?? ""].filter(Boolean).join("，"),
  status: trip.status_label ?? "",
  over: trip.status === "reconciled" || trip.status === "cancelled",
});
type Card = ReturnType<typeof card>;

screen({
  data: { live: [] as Card[], over: [] as Card[], next: null as string | null },

  async load() {
    this.show([], await get("/medicine-trips"));
  },
  async more() {
    const { live, over, next } = this.data;
    if (next) this.show([...live, ...over], await get("/medicine-trips", { query: { after: next } }));
  },
  show(before: Card[], { items, next }: Shape<"TripPage">) {
    const all = [...before, ...items.map(card)];
    this.setData({ live: all.filter((one) => !one.over), over: all.filter((one) => one.over), next: next ?? null });
  },
});
