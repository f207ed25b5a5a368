/** One of a few, from below: a purpose, a way of agreeing. null: thought better of it. */
export async function choose<T extends { label: string }>(alertText: string, from: readonly T[]): Promise<T | null> {
  try {
    const { tapIndex } = await wx.showActionSheet({ alertText, itemList: from.map(({ label }) => label) });
    return from[tapIndex];
  } catch {
    return null;
  }
}

/** What happens, and whether to go on. */
export async function sure(title: string, content: string, confirmText: string): Promise<boolean> {
  const { confirm } = await wx.showModal({ title, content, confirmText, cancelText: "再想想" });
  return confirm;
}
