/** How every page is made: what it loads, what a person can do on it, and what is said when it goes wrong.
 *
 *     screen({
 *       data: { order: null as Order | null },
 *       async load() { this.setData({ order: await get("/orders/{order_id}", { path: { order_id: this.data.query.id } }) }); },
 *       async cancel() { await this.act("cancel", () => post("/orders/{order_id}/cancel", ...), "已取消"); },
 *     });
 *
 * The page's WXML stands in `<screen state="{{state}}" trouble="{{trouble}}" step="{{step}}" bind:again="refresh">`. */
import { Problem } from "../services/api";
import { step, type Step } from "../services/print";

export interface Frame {
  /** loading: nothing to show yet (a skeleton); ready; trouble: nothing could be loaded. */
  state: "loading" | "ready" | "trouble";
  trouble: string;
  step: Step;
  /** The name of the act under way: its button shows it and takes no second tap. */
  busy: string;
  /** What the server said of a field, by the pointer that names it: `wrong['/text']`. */
  wrong: Record<string, string>;
  query: Record<string, string>;
}

interface Verbs {
  /** Load again, keeping what is shown until the new is there. One at a time: asked for meanwhile, one more follows, so
   * that what is shown answers the last question. */
  refresh(): Promise<void>;
  /** Do something that changes the world. Says so when it is done, loads again; a refusal is shown in the server's
   * words, with what to do next. Resolves to undefined when it was refused. */
  act<T>(name: string, work: () => Promise<T>, done?: string): Promise<T | undefined>;
}

type Own = Record<string, unknown>;

/** What a page loads, one after the other: `coming` is a refresh that has not begun, `turn` the end of all before it. */
interface Turns {
  turn?: Promise<unknown>;
  coming?: Promise<void>;
  paging?: boolean;
}
export type Self<D extends object, M extends object> = WechatMiniprogram.Page.Instance<D & Frame & WechatMiniprogram.IAnyObject, M & Verbs & WechatMiniprogram.IAnyObject>;

interface Screen<D> {
  data: D;
  load?(): Promise<void>;
  /** The next page of a list, at the end of the one shown. */
  more?(): Promise<void>;
  /** A page that may be shared: campaigns and public pages, never what is somebody's own. */
  onShareAppMessage?(): WechatMiniprogram.Page.ICustomShareContent;
}

export function screen<D extends object, M extends object>(own: Screen<D> & M & ThisType<Self<D, M>>): void {
  const page = own as Screen<D> & Own;
  type Any = Self<D, Own & Turns> & Screen<D>;

  const common: Own & ThisType<Any> = {
    async onLoad(query: Record<string, string>) {
      // A scanned or shared path comes encoded; the ids in it are all that is taken over.
      const clear = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, decoded(value)]));
      this.setData({ query: clear, step: step() } as never);
      if (!page.onShareAppMessage) wx.hideShareMenu();
      await this.refresh();
    },
    async onShow() {
      if (step() !== this.data.step) this.setData({ step: step() } as never);
      if (this.data.state !== "loading") await this.refresh(); // one comes back to what has changed meanwhile
    },
    async onPullDownRefresh() {
      try {
        await this.refresh();
      } finally {
        wx.stopPullDownRefresh();
      }
    },
    async onReachBottom() {
      if (!page.more || this.paging) return;
      this.paging = true;
      try {
        await inTurn(this, () => page.more!.call(this as never));
      } catch (error) {
        wx.showToast({ title: inWords(error), icon: "none" });
      } finally {
        this.paging = false;
      }
    },
    refresh() {
      this.coming ??= inTurn(this, async () => {
        this.coming = undefined;
        try {
          if (page.load) await page.load.call(this as never);
          this.setData({ state: "ready", trouble: "" } as never);
        } catch (error) {
          const gone = error instanceof Problem && [403, 404].includes(error.status); // what is shown is not theirs any more
          if (this.data.state === "ready" && !gone) wx.showToast({ title: `没有刷新成功：${inWords(error)}`, icon: "none" });
          else this.setData({ state: "trouble", trouble: inWords(error) } as never);
        }
      });
      return this.coming;
    },
    async act<T>(name: string, work: () => Promise<T>, done?: string): Promise<T | undefined> {
      if (this.data.busy) return undefined; // the first tap counts
      this.setData({ busy: name, wrong: {} } as never);
      try {
        const answer = await work();
        if (done) wx.showToast({ title: done, icon: "success" });
        await this.refresh();
        return answer;
      } catch (error) {
        const fields = error instanceof Problem ? error.errors : [];
        this.setData({ wrong: Object.fromEntries(fields.map((one) => [one.field, one.detail])) } as never);
        await wx.showModal({ title: "没有办成", content: inWords(error), showCancel: false, confirmText: "知道了" });
        // Somebody was faster, or nobody knows whether it was done: show what is now.
        if (error instanceof Problem && (error.status === 409 || error.status === 0)) await this.refresh();
        return undefined;
      } finally {
        this.setData({ busy: "" } as never);
      }
    },
  };
  const frame: Frame = { state: "loading", trouble: "", step: 1, busy: "", wrong: {}, query: {} };
  Page({ ...common, ...(own as Own), data: { ...frame, ...own.data } } as never);
}

function inTurn<T>(page: Turns, work: () => Promise<T>): Promise<T> {
  const own = (page.turn ?? Promise.resolve()).then(work);
  page.turn = own.catch(() => undefined);
  return own;
}

/** A link that was cut or typed wrong is taken as it came: what it names is then not found, in words. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

export function inWords(error: unknown): string {
  if (!(error instanceof Problem)) {
    console.error(error);
    return "出了点问题，请退出后再试一次。";
  }
  const fields = error.errors.map((one) => one.detail).join("；");
  return fields && !error.detail.includes(fields) ? `${error.detail}${fields}` : error.detail;
}
