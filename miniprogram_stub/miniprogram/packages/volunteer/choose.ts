/** One of a few words, asked from below; null when they closed it. */
import { listOf } from "./words";

export async function choose<T extends object>(words: T, alertText: string): Promise<(keyof T & string) | null> {
  const { codes, labels } = listOf(words);
  try {
    const { tapIndex } = await wx.showActionSheet({ itemList: labels, alertText });
    return codes[tapIndex];
  } catch {
    return null;
  }
}

/** What happens, and whether to go on. */
export async function sure(title: string, content: string, confirmText: string): Promise<boolean> {
  const { confirm } = await wx.showModal({ title, content, confirmText, cancelText: "再想想" });
  return confirm;
}
