/** Photos taken or chosen; sends `change` with the files' temporary paths. Nothing is sent anywhere from here. */
Component({
  options: { addGlobalClass: true },
  properties: {
    files: { type: Array, value: [] as string[] },
    max: { type: Number, value: 1 },
    label: { type: String, value: "拍照" },
  },
  methods: {
    async take() {
      try {
        const { tempFiles } = await wx.chooseMedia({ count: this.data.max - this.data.files.length, mediaType: ["image"], sizeType: ["compressed"] });
        this.triggerEvent("change", { files: [...this.data.files, ...tempFiles.map((file) => file.tempFilePath)] });
      } catch {
        // They closed the camera: nothing was chosen, and nothing needs saying.
      }
    },
    remove(event: WechatMiniprogram.TouchEvent) {
      this.triggerEvent("change", { files: this.data.files.filter((file) => file !== event.currentTarget.dataset.file) });
    },
    show(event: WechatMiniprogram.TouchEvent) {
      wx.previewImage({ urls: this.data.files, current: event.currentTarget.dataset.file as string });
    },
  },
});
