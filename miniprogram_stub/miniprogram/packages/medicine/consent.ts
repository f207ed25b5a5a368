/** How a household agreed that somebody acts for it. */
export const CONSENTS = [
  { value: "in_person", label: "当面同意的" },
  { value: "voice", label: "电话里同意的" },
  { value: "paper", label: "有书面同意" },
] as const;
export type Consent = (typeof CONSENTS)[number]["value"];

/** Asked before each act for another's home; null when they closed it. */
export async function howAgreed(): Promise<Consent | null> {
  try {
    const { tapIndex } = await wx.showActionSheet({ alertText: "住户怎样同意的？", itemList: CONSENTS.map((one) => one.label) });
    return CONSENTS[tapIndex].value;
  } catch {
    return null;
  }
}
