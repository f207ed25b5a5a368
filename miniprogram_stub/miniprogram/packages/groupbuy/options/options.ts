/** One of a few: each { value, label, note }; sends `change` with the value chosen. */
export interface Option {
  value: string;
  label: string;
  note?: string;
}

Component({
  options: { addGlobalClass: true },
  properties: { label: { type: String, value: "" }, options: { type: Array, value: [] as Option[] }, value: { type: String, value: "" } },
  methods: {
    choose(event: WechatMiniprogram.RadioGroupChange) {
      this.triggerEvent("change", { value: event.detail.value });
    },
  },
});
