import { carryAndSay, startOutbox } from "./services/outbox";

App({
  onLaunch() {
    startOutbox();
    const updates = wx.getUpdateManager();
    updates.onUpdateReady(async () => {
      const { confirm } = await wx.showModal({ title: "有新版本", content: "重新打开后生效。", confirmText: "现在重开" });
      if (confirm) updates.applyUpdate();
    });
  },
  onShow() {
    void carryAndSay(); // a phone may say that it is online long before it is
  },
});
