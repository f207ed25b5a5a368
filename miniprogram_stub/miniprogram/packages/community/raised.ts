/** The objections raised on this phone, by their numbers: whoever has the number may follow it, and nobody else can. */
import { day } from "../../utils/format";

interface Kept {
  id: string;
  name: string;
  at: string;
}

const KEPT = "objections";
const MOST = 20;

export function raised(): Kept[] {
  return ((wx.getStorageSync(KEPT) || []) as Kept[]).map((one) => ({ ...one, at: day(one.at) }));
}

export function keep(id: string, name: string, at: string): void {
  wx.setStorageSync(KEPT, [{ id, name, at }, ...((wx.getStorageSync(KEPT) || []) as Kept[])].slice(0, MOST));
}
