/** Words and tones for what the API gives as codes. */

export const PRINTS: { step: 1 | 2 | 3 | 4; name: string }[] = [
  { step: 1, name: "标准" },
  { step: 2, name: "大" },
  { step: 3, name: "特大" },
  { step: 4, name: "最大" },
];

const BAD = ["suspend", "strike_off", "revoke", "reject", "fail", "lapse", "expire", "freeze", "notice", "be_unavailable", "cancel"];
const GOOD = ["certify", "restore", "succeed", "get_ready", "deliver", "hand_over", "verify", "accept", "cover", "resume"];

/** Of a kind of message ("certification.suspend"): good news, bad news, or neither. */
export function toneOfKind(kind: string): string {
  const what = kind.slice(kind.indexOf(".") + 1);
  return BAD.includes(what) ? "bad" : GOOD.includes(what) ? "good" : "";
}
