/** The server's time, as far as this phone can tell. Phones run fast or slow, and what is done without a network is told
 * later with its own time, which the server does not take from the future. */
const KEPT = "clock-ahead";
let ahead: number | null = null;

/** Each answer carries the server's time in whole seconds, a moment ago: the estimate is late, never early. */
export function heardTime(date: string | undefined): void {
  const server = date ? Date.parse(date) : NaN;
  if (Number.isNaN(server)) return;
  const now = Date.now() - server;
  if (Math.abs(now - known()) > 2_000) wx.setStorageSync(KEPT, now);
  ahead = now;
}

export function serverTime(): string {
  return new Date(Date.now() - known()).toISOString();
}

function known(): number {
  return ahead ?? ((wx.getStorageSync(KEPT) as number | "") || 0);
}
