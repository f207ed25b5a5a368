/** Whose board the first page shows: the place chosen on this phone, else one's home, else where one holds a post. */
import { compoundOf } from "../utils/format";
import { FIRST_PLACE } from "./config";
import type { Me } from "./me";

const CHOSEN = "place";
const OWN = "own-place";

export function chosenPlace(): string {
  return wx.getStorageSync(CHOSEN) as string;
}

/** "": what it would be without a choice. */
export function choosePlace(code: string): void {
  if (code) wx.setStorageSync(CHOSEN, code);
  else wx.removeStorageSync(CHOSEN);
}

export function ownPlace(who: Me): string {
  const near = who.homes[0] ?? who.posts[0];
  return near ? compoundOf(near.place_code) : "";
}

/** `who` null: nobody could be signed in just now, and one's own place is what it was the last time. */
export function placeShown(who: Me | null): string {
  if (who) wx.setStorageSync(OWN, ownPlace(who));
  return chosenPlace() || (wx.getStorageSync(OWN) as string) || FIRST_PLACE;
}
