/** The frame of every page: print size, skeleton, trouble with a way out, and a word when there is no network. */
import { onNetwork } from "../../services/network";

Component({
  options: { addGlobalClass: true },
  properties: {
    state: { type: String, value: "loading" },
    trouble: { type: String, value: "" },
    step: { type: Number, value: 1 },
  },
  data: { offline: false },
  lifetimes: {
    attached() {
      this.stopHearing = onNetwork((online) => this.setData({ offline: !online }));
    },
    detached() {
      this.stopHearing();
    },
  },
  methods: {
    stopHearing: (() => undefined) as () => void,
    again() {
      this.triggerEvent("again");
    },
  },
});
