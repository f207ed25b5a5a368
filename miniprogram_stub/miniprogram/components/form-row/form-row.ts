/** One thing to fill in: its name, a hint, the control in the slot, and what the server found wrong with it. `group`: there
 * are several controls in the slot, and a tap on the name must not be a tap on the first. */
Component({
  options: { addGlobalClass: true },
  properties: {
    label: { type: String, value: "" },
    hint: { type: String, value: "" },
    wrong: { type: String, value: "" },
    optional: { type: Boolean, value: false },
    group: { type: Boolean, value: false },
  },
});
