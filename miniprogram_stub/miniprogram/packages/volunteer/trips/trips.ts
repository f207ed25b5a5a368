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
    this.setData({ live: [], over: [], next: null });
    await this.fetch();
  },
  async more() {
    if (this.data.next) await this.fetch();
  },
  async fetch() {
    const { items, next } = await get("/medicine-trips", { query: { after: this.data.next } });
    const cards = items.map(card);
    this.setData({
      live: [...this.data.live, ...cards.filter((one) => !one.over)],
      over: [...this.data.over, ...cards.filter((one) => one.over)],
      next: next ?? null,
    });
  },
});
