/** Fen as yuan: `fen` 1250 shows ¥12.50; `per` names what it buys. */
import { yuan } from "../../utils/format";

Component({
  options: { addGlobalClass: true },
  properties: { fen: { type: Number, value: 0 }, per: { type: String, value: "" }, big: { type: Boolean, value: false } },
  data: { yuan: "0.00" },
  observers: {
    fen(fen: number) {
      this.setData({ yuan: yuan(fen) });
    },
  },
});
