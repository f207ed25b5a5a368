/** A count with two big knobs; sends `change` with the new value. */
Component({
  options: { addGlobalClass: true },
  properties: {
    value: { type: Number, value: 0 },
    min: { type: Number, value: 0 },
    max: { type: Number, value: 99 },
    label: { type: String, value: "" },
  },
  methods: {
    less() {
      this.triggerEvent("change", { value: Math.max(this.data.min, this.data.value - 1) });
    },
    more() {
      this.triggerEvent("change", { value: Math.min(this.data.max, this.data.value + 1) });
    },
  },
});
