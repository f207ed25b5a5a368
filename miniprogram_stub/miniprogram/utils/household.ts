/** What a household needs, and how it agrees that somebody acts for it, in words. */
import { choose } from "./choose";

export const NEEDS = [
  { name: "lives_alone", label: "独居" },
  { name: "no_smartphone", label: "没有智能手机" },
  { name: "hardship", label: "困难户" },
  { name: "medical_family", label: "医护家属" },
  { name: "chronic_illness", label: "长期用药" },
] as const;

type Needs = { [need in (typeof NEEDS)[number]["name"]]?: boolean };

export function needsOf(household: Needs): string[] {
  return NEEDS.filter(({ name }) => household[name]).map(({ label }) => label);
}

export const CONSENTS = [
  { value: "in_person", label: "当面同意" },
  { value: "voice", label: "电话里同意" },
  { value: "paper", label: "书面同意" },
] as const;
export type Consent = (typeof CONSENTS)[number]["value"];

/** Asked before each act for another's home; null when they closed it. */
export async function howAgreed(asked = "住户怎样同意的？"): Promise<Consent | null> {
  return (await choose(asked, CONSENTS))?.value ?? null;
}
