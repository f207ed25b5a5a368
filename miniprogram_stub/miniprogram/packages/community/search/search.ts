import { get, type Shape } from "../../../services/api";
import { placeHref } from "../../../utils/register";
import { screen } from "../../../utils/screen";
import { KINDS } from "../words";

const PAUSE_MS = 300; // after the last letter, so that not each letter is asked about

interface Found {
  code: string;
  name: string;
  kind: string;
  href: string;
}

screen({
  data: { words: "", asked: "", found: [] as Found[] },
  pause: 0,
  typed(event: WechatMiniprogram.Input) {
    this.setData({ words: event.detail.value });
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.find(), PAUSE_MS) as unknown as number;
  },
  async find() {
    clearTimeout(this.pause);
    const words = (this.data.words as string).trim();
    if (words === this.data.asked) return;
    await this.act("find", () => this.ask(words));
    if (!this.data.busy && this.data.asked !== (this.data.words as string).trim()) await this.find(); // they typed on meanwhile
  },
  async ask(words: string) {
    const { items } = words ? await get("/places", { query: { words } }) : { items: [] };
    if (words !== (this.data.words as string).trim()) return; // they typed on: the next answer is the one to show
    this.setData({ asked: words, found: items.map((place: Shape<"Place">) => ({ code: place.code, name: place.name, kind: KINDS[place.kind] ?? "", href: placeHref(place.code) })) });
  },
});
