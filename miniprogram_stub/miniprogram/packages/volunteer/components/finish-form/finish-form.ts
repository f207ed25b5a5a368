/** How work without doors is shown to be done: the code that whoever it was for tells, a photo, or a signature on paper.
 * Sends `code` with { code }, or `pictures` with { files, how }. */
Component({
  options: { addGlobalClass: true },
  properties: { busy: { type: Boolean, value: false }, wrong: { type: String, value: "" } },
  data: { how: "code" as "code" | "photo" | "signature", code: "", files: [] as string[] },
  methods: {
    pick(event: WechatMiniprogram.RadioGroupChange) {
      this.setData({ how: event.detail.value as "code" });
    },
    write(event: WechatMiniprogram.Input) {
      this.setData({ code: event.detail.value.trim() });
    },
    took(event: WechatMiniprogram.CustomEvent<{ files: string[] }>) {
      this.setData({ files: event.detail.files });
    },
    send() {
      const { how, code, files } = this.data;
      if (how === "code") this.triggerEvent("code", { code });
      else this.triggerEvent("pictures", { how, files });
    },
  },
});
