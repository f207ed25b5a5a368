/** The board at the gate: is it certified, for how many days, if not why not and when. `brief` leaves out what only the
 * place's own page has room for. `board`: of utils/register.ts. */
import type { Board } from "../../../utils/register";

Component({
  options: { addGlobalClass: true },
  properties: { board: { type: Object, value: { facts: [], reasons: [], rows: [] } as Partial<Board> as Board }, brief: { type: Boolean, value: false } },
});
