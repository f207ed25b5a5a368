/** One of a few, from below: a purpose, a way of agreeing. null: thought better of it. */
export async function choose<T extends { label: string }>(alertText: string, from: readonly T[]): Promise<T | null> {
  try {
    const { tapIndex } = await wx.showActionSheet({ alertText, itemList: from.map(({ label }) => label) });
    return from[tapIndex];
  } catch {
    return null;
  }
}
