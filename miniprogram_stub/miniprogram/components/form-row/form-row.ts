/** One thing to fill in: its name, a hint, the control in the slot, and what the server found wrong with it. */
Component({
  options: { addGlobalClass: true },
  properties: {
    label: { type: String, value: "" },
    hint: { type: String, value: "" },
    wrong: { type: String, value: "" },
    optional: { type: Boolean, value: false },
  },
});
