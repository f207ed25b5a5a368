/** The consents recorded on this phone, so that they can be withdrawn on it: the API tells of each when it is recorded. */
const KEPT = "consents";

export interface KeptConsent {
  id: string;
  until: string;
  kind: string;
}

export function kept(household: string): KeptConsent | null {
  return all()[household] ?? null;
}

export function keep(household: string, consent: KeptConsent | null): void {
  const consents = all();
  if (consent) consents[household] = consent;
  else delete consents[household];
  wx.setStorageSync(KEPT, consents);
}

function all(): Record<string, KeptConsent> {
  return (wx.getStorageSync(KEPT) || {}) as Record<string, KeptConsent>;
}
