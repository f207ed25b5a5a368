/** A sheet from below, for reading back what is about to be sent; `slot="action"` holds its button. Sends `close`. */
Component({
  options: { addGlobalClass: true, multipleSlots: true },
  properties: { open: { type: Boolean, value: false }, title: { type: String, value: "" } },
  methods: {
    close() {
      this.triggerEvent("close");
    },
  },
});
