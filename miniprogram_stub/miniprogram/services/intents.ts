/** One key per intent. The phone keeps it until the server has answered, so that "try again" after a lost network, a
 * closed page or a restart is the same intent and not a second order. Only a print of what was asked is kept, and only for
 * as long as somebody tries again: the same wish an hour later, after what was made of the first has been undone, is a new
 * one, and the first one's answer would be a lie. */
const KEPT = "intents";
const KEY_LIFE_MS = 10 * 60_000;

type Intents = Record<string, { key: string; at: number }>;

export function keyOf(path: string, body: unknown): string {
  const intents = kept();
  const print = printOf(path + JSON.stringify(body ?? null));
  intents[print] ??= { key: newKey(), at: Date.now() };
  wx.setStorageSync(KEPT, intents);
  return intents[print].key;
}

export function answered(path: string, body: unknown): void {
  const intents = kept();
  delete intents[printOf(path + JSON.stringify(body ?? null))];
  wx.setStorageSync(KEPT, intents);
}

export function newKey(): string {
  const random = () => Math.random().toString(36).slice(2, 12).padEnd(10, "0");
  return `${Date.now().toString(36)}-${random()}${random()}`;
}

function kept(): Intents {
  const all = (wx.getStorageSync(KEPT) || {}) as Intents;
  return Object.fromEntries(Object.entries(all).filter(([, { at }]) => Date.now() - at < KEY_LIFE_MS));
}

/** 64 bits of FNV-1a in two halves: enough to tell one phone's few open intents apart. */
function printOf(text: string): string {
  let [high, low] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < text.length; i++) {
    high = Math.imul(high ^ text.charCodeAt(i), 0x01000193);
    low = Math.imul(low ^ text.charCodeAt(text.length - 1 - i), 0x85ebca6b);
  }
  return (high >>> 0).toString(36) + (low >>> 0).toString(36);
}
