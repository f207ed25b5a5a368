/** One medicine to fill in. Sends `change` { field, value } for whatever is changed, and `drop` when it is taken out. */
import { blank, FORM_LABELS } from "../draft";

Component({
  options: { addGlobalClass: true },
  properties: {
    line: { type: Object, value: blank() },
    number: { type: Number, value: 1 },
    several: { type: Boolean, value: false },
    wrong: { type: Object, value: {} as Record<string, string> },
  },
  data: { forms: FORM_LABELS, at: {} as Record<string, string>, more: false },
  observers: {
    "wrong, number"(wrong: Record<string, string>, number: number) {
      const start = `/lines/${number - 1}/`;
      const mine = Object.entries(wrong).filter(([field]) => field.startsWith(start));
      this.setData({ at: Object.fromEntries(mine.map(([field, said]) => [field.slice(start.length), said])) });
    },
  },
  methods: {
    change(event: WechatMiniprogram.CustomEvent<{ value: unknown }>) {
      this.triggerEvent("change", { field: event.currentTarget.dataset.field, value: event.detail.value });
    },
    choose(event: WechatMiniprogram.PickerChange) {
      this.triggerEvent("change", { field: "form", value: Number(event.detail.value) });
    },
    drop() {
      this.triggerEvent("drop");
    },
    open() {
      this.setData({ more: !this.data.more });
    },
  },
});
