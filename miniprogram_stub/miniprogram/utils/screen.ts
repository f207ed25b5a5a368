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
  /** What the server said of a field, by the field's name. */
  wrong: Record<string, string>;
  query: Record<string, string>;
}

interface Verbs {
  /** Load again, keeping what is shown until the new is there. */
  refresh(): Promise<void>;
  /** Do something that changes the world. Says so when it is done, loads again; a refusal is shown in the server's
   * words, with what to do next. Resolves to undefined when it was refused. */
  act<T>(name: string, work: () => Promise<T>, done?: string): Promise<T | undefined>;
}

type Own = Record<string, unknown>;
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
  type Any = Self<D, Own> & Screen<D>;

  const common: Own & ThisType<Any> = {
    async onLoad(query: Record<string, string>) {
      // A scanned or shared path comes encoded; the ids in it are all that is taken over.
      const clear = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, decodeURIComponent(value)]));
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
      if (page.more) await page.more.call(this as never);
    },
    async refresh() {
      try {
        if (page.load) await page.load.call(this as never);
        this.setData({ state: "ready", trouble: "" } as never);
      } catch (error) {
        const said = inWords(error);
        if (this.data.state === "ready") wx.showToast({ title: "没有刷新成功", icon: "none" });
        else this.setData({ state: "trouble", trouble: said } as never);
      }
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
        if (error instanceof Problem && error.status === 409) await this.refresh(); // somebody was faster: show what is now
        return undefined;
      } finally {
        this.setData({ busy: "" } as never);
      }
    },
  };
  const frame: Frame = { state: "loading", trouble: "", step: 1, busy: "", wrong: {}, query: {} };
  Page({ ...common, ...(own as Own), data: { ...frame, ...own.data } } as never);
}

export function inWords(error: unknown): string {
  if (!(error instanceof Problem)) {
    console.error(error);
    return "出了点问题，请退出后再试一次。";
  }
  const fields = error.errors.map((one) => one.detail).join("；");
  return fields && !error.detail.includes(fields) ? `${error.detail}${fields}` : error.detail;
}
