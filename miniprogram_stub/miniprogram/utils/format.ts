/** Numbers and instants as people read them. Days and hours are Wuhan's, whatever the phone is set to. */

const SHANGHAI_MS = 8 * 3600_000;
const DAY_MS = 24 * 3600_000;
const WEEKDAYS = "日一二三四五六";

/** 1250 -> "12.50": fen as yuan, without the sign. */
export function yuan(fen: number): string {
  const sign = fen < 0 ? "-" : "";
  const whole = Math.abs(fen);
  return `${sign}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, "0")}`;
}

/** 1500 -> "3 斤"; 1234 -> "2.5 斤". */
export function jin(grams: number): string {
  return `${Math.round(grams / 50) / 10} 斤`;
}

/** "今天 18:30", "明天 08:00", "11月22日 周日 18:30". */
export function when(instant: string | null | undefined, now = Date.now()): string {
  return instant ? `${day(instant, now)} ${clock(instant)}` : "";
}

export function clock(instant: string): string {
  const at = inShanghai(Date.parse(instant));
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

/** Of an instant, or of a plain date ("2026-11-22"). */
export function day(instantOrDate: string, now = Date.now()): string {
  const at = instantOrDate.length === 10 ? new Date(Date.parse(instantOrDate)) : inShanghai(Date.parse(instantOrDate));
  const apart = Math.floor(at.getTime() / DAY_MS) - Math.floor((now + SHANGHAI_MS) / DAY_MS);
  const near = ["昨天", "今天", "明天"][apart + 1];
  return near ?? `${at.getUTCMonth() + 1}月${at.getUTCDate()}日 周${WEEKDAYS[at.getUTCDay()]}`;
}

/** "还有 2 小时 5 分"; "" when it is over. */
export function left(instant: string, now = Date.now()): string {
  const minutes = Math.floor((Date.parse(instant) - now) / 60_000);
  if (minutes < 0) return "";
  if (minutes < 60) return `还有 ${minutes} 分钟`;
  if (minutes < 48 * 60) return `还有 ${Math.floor(minutes / 60)} 小时 ${minutes % 60} 分`;
  return `还有 ${Math.floor(minutes / 60 / 24)} 天`;
}

/** "420112004007-001-003-002" -> "3栋2单元"; "" for a compound and above. */
export function door(placeCode: string): string {
  const [, , building, unit] = placeCode.split("-");
  return (building ? `${Number(building)}栋` : "") + (unit ? `${Number(unit)}单元` : "");
}

/** The compound in which a place lies, or the place itself when it is no smaller. */
export function compoundOf(placeCode: string): string {
  return placeCode.split("-").slice(0, 2).join("-");
}

function inShanghai(ms: number): Date {
  return new Date(ms + SHANGHAI_MS);
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
