/** One word a day, and no symptoms. `fit`: yes, no, or "" when nothing was said yet. Sends `say` with { fit }. */
Component({
  options: { addGlobalClass: true },
  properties: { fit: { type: String, value: "" }, busy: { type: Boolean, value: false } },
  methods: {
    well() {
      this.triggerEvent("say", { fit: true });
    },
    unwell() {
      this.triggerEvent("say", { fit: false });
    },
  },
});
