import { look } from "../../../services/api";
import type { TimelineStep } from "../../../components/timeline/timeline";
import { when } from "../../../utils/format";
import { screen } from "../../../utils/screen";

screen({
  data: { id: "", answer: "", steps: [] as TimelineStep[] },
  async load() {
    const objection = await look("/public/objections/{objection_id}", { path: { objection_id: this.data.query.id } });
    const raised: TimelineStep = { name: "已提出", note: when(objection.created_at), state: "done" };
    const now: TimelineStep = { name: objection.status_label ?? "", note: when(objection.answered_at), state: "now" };
    this.setData({ id: objection.id, answer: objection.answer ?? "", steps: [raised, now] });
  },
  copy() {
    wx.setClipboardData({ data: this.data.id, fail: () => wx.showToast({ title: "没有复制成，请抄下来", icon: "none" }) });
  },
});
