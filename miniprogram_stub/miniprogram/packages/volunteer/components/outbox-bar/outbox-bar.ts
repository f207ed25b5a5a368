/** What waits to be told, and what the server did not take. Sends `told` when all of it is. */
import { acts, carry, onOutbox, putAway, refused, tellAgain, waiting, type Act } from "../../../../services/outbox";

Component({
  options: { addGlobalClass: true },
  data: { waiting: [] as Act[], refused: [] as Act[], busy: false },
  lifetimes: {
    attached() {
      this.stopHearing = onOutbox(() => this.look());
      this.look();
    },
    detached() {
      this.stopHearing();
    },
  },
  methods: {
    stopHearing: (() => undefined) as () => void,
    look() {
      const before = this.data.waiting.length;
      this.setData({ waiting: waiting(acts()), refused: refused(acts()) });
      if (before && !this.data.waiting.length) this.triggerEvent("told");
    },
    async now() {
      await this.busily(carry);
      if (this.data.waiting.length) wx.showToast({ title: "网络还没有恢复，已经留着", icon: "none" });
    },
    again(event: WechatMiniprogram.TouchEvent) {
      return this.busily(() => tellAgain(this.data.refused[event.currentTarget.dataset.index as number]));
    },
    read(event: WechatMiniprogram.TouchEvent) {
      putAway(this.data.refused[event.currentTarget.dataset.index as number]);
    },
    async busily(work: () => Promise<void>) {
      if (this.data.busy) return;
      this.setData({ busy: true });
      try {
        await work();
      } finally {
        this.setData({ busy: false });
      }
    },
  },
});
