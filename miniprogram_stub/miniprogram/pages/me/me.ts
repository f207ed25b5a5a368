import { get, Problem } from "../../services/api";
import { me } from "../../services/me";
import { door } from "../../utils/format";
import { screen } from "../../utils/screen";

/** Which permissions open a door: what may be done behind it, the server says there. */
const GRID = ["certification:application:file", "fieldwork:daily_record:write", "places:household:read"];
const REVIEW = [
  "certification:application:review_subdistrict",
  "certification:application:review_district",
  "certification:application:certify",
  "certification:objection:answer",
];

screen({
  data: {
    name: "",
    posts: [] as { key: string; label: string; place: string }[],
    home: "",
    team: "",
    grid: false,
    review: false,
    unread: 0,
  },
  async load() {
    const [who, team, unread] = await Promise.all([me(true), teamOf(), unreadOf()]);
    const opens = (permissions: string[]) => permissions.some((one) => who.permissions.includes(one));
    this.setData({
      name: who.name,
      posts: who.posts.map((post) => ({ key: post.role + post.place_code, label: post.label, place: door(post.place_code) || post.place_name })),
      home: who.homes.map(({ address }) => address).join("，"),
      team,
      grid: opens(GRID),
      review: opens(REVIEW),
      unread,
    });
  },
});

/** "" for who is in no team. */
async function teamOf(): Promise<string> {
  try {
    return (await get("/me/volunteer")).team_name;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return "";
    throw error;
  }
}

async function unreadOf(): Promise<number> {
  return (await get("/me/inbox", { query: { limit: 1 } })).unread;
}
