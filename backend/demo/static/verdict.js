// A verdict, live or frozen: what is still red first, then what is met.

import { h } from "./dom.js";
import { RECORDS, day } from "./words.js";

const SHOWN = 6; // records named before the rest is counted

/** `open`: what is met is spelled out too, as a reviewer needs it. */
export function verdict(shown, { open = false } = {}) {
  const red = shown.criteria.filter((criterion) => !criterion.met);
  const met = shown.criteria.filter((criterion) => criterion.met);
  return [
    red.length ? h("ul", { class: "stack" }, red.map(reason)) : null,
    met.length ? h("details", { open }, h("summary", {}, `已达标 ${met.length} 项`), h("ul", { class: "met" }, met.map(kept))) : null,
  ];
}

function reason(criterion) {
  const tone = criterion.required ? "wait" : "plain";
  const advice = criterion.required ? null : h("p", { class: "muted" }, "仅供参考，不影响申报。");
  return h("li", { class: "reason", "data-tone": tone },
    h("h3", {}, criterion.title), h("p", {}, criterion.why),
    h("p", { class: "fix", "data-label": "怎么办：" }, criterion.fix), when(criterion), records(criterion.records), advice);
}

function when(criterion) {
  if (criterion.fixable_now) return h("p", {}, h("b", {}, "今天补上就能达标"));
  const earliest = day(criterion.earliest_on, true);
  return h("p", {}, criterion.earliest_certain ? "最早达标：" : "最早达标（如果人员按时解除）：", h("b", {}, earliest));
}

function records(causes) {
  if (!causes.length) return null;
  const named = causes.slice(0, SHOWN).map((cause) => `${day(cause.day)} ${RECORDS[cause.kind] ?? cause.kind}`);
  const more = causes.length > SHOWN ? `，共 ${causes.length} 条` : "";
  return h("p", { class: "small muted" }, `依据：${named.join("，")}${more}`);
}

const kept = (criterion) => h("li", {}, h("b", {}, "✓ ", criterion.title), h("span", { class: "muted" }, criterion.why));
