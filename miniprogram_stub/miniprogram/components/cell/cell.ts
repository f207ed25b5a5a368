/** A row: a name, a note under it, a value; with `href` it leads there, with `tappable` it sends `go`. */
Component({
  options: { addGlobalClass: true },
  properties: {
    title: { type: String, value: "" },
    note: { type: String, value: "" },
    value: { type: String, value: "" },
    tone: { type: String, value: "" },
    href: { type: String, value: "" },
    tappable: { type: Boolean, value: false },
  },
  methods: {
    go() {
      const url = this.data.href;
      // Ten pages deep WeChat opens no more: then the next takes the place of this one.
      if (url) wx.navigateTo({ url, fail: () => wx.redirectTo({ url }) });
      else if (this.data.tappable) this.triggerEvent("go");
    },
  },
});
