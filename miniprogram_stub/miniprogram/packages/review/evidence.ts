/** The evidence as it was frozen, item by item: what the rules said of it and the days it rests on. */
import type { Shape } from "../../services/api";
import { day } from "../../utils/format";
import { CATEGORIES, ITEMS, MEASURES } from "./words";

export interface Item {
  item: string;
  title: string;
  met: boolean;
  criteria: { id: string; title: string; why: string; met: boolean; note: string }[];
  days: { key: string; day: string; figures: string }[];
}

interface Frozen {
  kind: string;
  id: string;
  day: string;
  values: Record<string, unknown>;
}

export function itemsOf(filing: Shape<"Filing">): Item[] {
  const { criteria } = filing.verdict;
  const records = (filing.records as unknown as Frozen[]).slice().sort((a, b) => (a.day < b.day ? 1 : -1));
  return [...new Set(criteria.map((one) => one.item))].map((item) => {
    const own = criteria.filter((one) => one.item === item);
    return {
      item,
      title: ITEMS[item] ?? own.map((one) => one.title).join("、"),
      met: own.every((one) => one.met),
      criteria: own.map((one) => ({ id: one.id, title: one.title, why: one.why, met: one.met, note: one.required ? "" : "不是必须的" })),
      days: item === "zero_occurrence" ? events(records) : sheets(records, MEASURES[item] ?? []),
    };
  });
}

function sheets(records: Frozen[], measures: [string, string][]) {
  if (!measures.length) return [];
  return records
    .filter(({ kind }) => kind === "daily_record")
    .map((record) => ({ key: record.id, day: day(record.day), figures: measures.map(([name, label]) => `${label} ${record.values[name] ?? "没有填"}`).join("，") }));
}

function events(records: Frozen[]) {
  return records
    .filter(({ kind }) => kind === "case_event")
    .map((record) => ({ key: record.id, day: day(record.day), figures: CATEGORIES[String(record.values.category)] ?? "" }));
}
