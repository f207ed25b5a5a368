/** Large print. Four steps (16, 19, 22, 26 px; controls 44 to 64 px: styles/tokens.wxss); without a choice of one's own, what
 * the phone's font scale asks for. */
export type Step = 1 | 2 | 3 | 4;

const KEPT = "print";

export function step(): Step {
  return (wx.getStorageSync(KEPT) as Step | "") || ofPhone();
}

/** null: as the phone says. The server keeps the choice, too, for the next phone. */
export function choose(chosen: Step | null): void {
  if (chosen) wx.setStorageSync(KEPT, chosen);
  else wx.removeStorageSync(KEPT);
}

export function chosen(): Step | null {
  return (wx.getStorageSync(KEPT) as Step | "") || null;
}

/** The choice that the server has kept of another phone; a choice of this phone comes before it. */
export function adopt(kept: number | null | undefined): void {
  if (kept && !chosen()) choose(kept as Step);
}

function ofPhone(): Step {
  const scale = wx.getAppBaseInfo().fontSizeScaleFactor ?? 1;
  if (scale < 1.2) return 1;
  return scale < 1.4 ? 2 : scale < 1.5 ? 3 : 4;
}
