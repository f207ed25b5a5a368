/** Daily sheets: which days still wait for one, and what a day looks like that was like the last. */
import type { Shape } from "../../services/api";
import { serverTime } from "../../services/clock";
import { day } from "../../utils/format";
import { MEASURES } from "./words";

export type Sheet = Shape<"DailyRecord">;
export type Entry = Shape<"Entry">;

/** So many days are offered, today and those before it. Which of them are closed is the server's to say. */
export const OFFERED = 4;
/** So many are read: a day may be like one from before those offered. */
export const READ = 14;

const DAY_MS = 24 * 3600_000;
const SHANGHAI_MS = 8 * 3600_000;

export function today(): string {
  return new Date(Date.parse(serverTime()) + SHANGHAI_MS).toISOString().slice(0, 10);
}

/** The last `count` days, oldest first, today last. */
export function daysUpTo(last: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => new Date(Date.parse(last) - (count - 1 - n) * DAY_MS).toISOString().slice(0, 10));
}

/** Of the days offered, those without a sheet. */
export function missing(sheets: Sheet[], place: string): string[] {
  const have = new Set(sheets.filter((sheet) => sheet.place_code === place).map((sheet) => sheet.day));
  return daysUpTo(today(), OFFERED).filter((one) => !have.has(one));
}

/** The latest sheet before a day, or null. */
export function lastBefore(sheets: Sheet[], place: string, date: string): Sheet | null {
  const earlier = sheets.filter((sheet) => sheet.place_code === place && sheet.day < date);
  return earlier.sort((a, b) => (a.day < b.day ? 1 : -1))[0] ?? null;
}

/** The missing days of a compound, each like the last one before it; none where nothing was ever recorded. */
export function alike(sheets: Sheet[], place: string): Entry[] {
  return missing(sheets, place).flatMap((date) => {
    const last = lastBefore(sheets, place, date);
    return last ? [{ place_code: place, day: date, ...entered(last) }] : [];
  });
}

/** "昨天、今天": the days of some entries. */
export function named(entries: Entry[]): string {
  return entries.map((one) => day(one.day).split(" ")[0]).join("、");
}

/** What a person entered on a sheet. */
export function entered(sheet: Sheet): Partial<Entry> {
  return Object.fromEntries(MEASURES.map(({ name }) => [name, sheet[name]]).filter(([, value]) => typeof value === "number"));
}
