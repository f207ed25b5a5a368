// A community's compounds; and one compound: what is still red, the one click, the day's record, its cases.

import { all, get, post } from "./api.js";
import { button, card, chip, h, line, lines } from "./dom.js";
import { daily } from "./daily.js";
import { cases } from "./cases.js";
import { verdict } from "./verdict.js";
import { day, tone } from "./words.js";

export const title = "小区";
export const forWhom = (desk) => desk.may("certification:application:read");
export const first = (desk) => (desk.may("fieldwork:daily_record:write") ? 2 : 0);

export const page = (desk, code) => (code ? compound(desk, code) : list(desk));

async function list(desk) {
  const places = [...new Set(desk.me.posts.map((held) => held.place_code))];
  const found = await Promise.all(places.map((code) => get(`/public/places/${code}`)));
  return found.flatMap((place) => [
    h("h1", {}, place.name),
    h("p", { class: "muted" }, `${place.total} 个小区，${place.certified} 个已认定。点小区看还差什么、填日报、申报。`),
    h("ul", { class: "rows" }, place.compounds.map((below) =>
      h("li", {}, h("a", { class: "row", href: `#/compounds/${below.code}` }, h("b", {}, below.name), chip(below.status_label, tone(below.status)))))),
    h("p", {}, h("a", { class: "button", href: `/p/${place.code}` }, "看公开页面")),
  ]);
}

async function compound(desk, code) {
  const [place, readiness, filed] = await Promise.all([
    get(`/public/places/${code}`), get(`/places/${code}/readiness`), all("/certifications", { unit: code }),
  ]);
  const live = place.application_id && filed.find((one) => one.id === place.application_id && !one.ended_at);
  return [
    h("div", { class: "stack near" }, h("h1", {}, place.name),
      h("p", { class: "meta" }, chip(place.status_label, tone(place.status)), h("a", { class: "aside", href: `/p/${code}` }, "看公开页面"))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, live ? underWay(live) : file(desk, code, readiness), stillRed(readiness, live), past(filed, live)),
      h("div", { class: "stack" },
        desk.may("fieldwork:daily_record:read") && await daily(desk, code, readiness.as_of),
        desk.may("cases:case:read") && await cases(desk, code))),
  ];
}

/** The one click. Whether it is met is the server's to say; the button asks it again either way. */
function file(desk, code, readiness) {
  const short = readiness.criteria.filter((criterion) => criterion.required && !criterion.met).length;
  const words = readiness.met
    ? "各项都达标了。点一下就申报，不用再填任何东西。"
    : `还差 ${short} 项，现在申报不会通过。最早${readiness.earliest_certain ? "" : "（如果人员按时解除）"} ${day(readiness.earliest_on, true)}。`;
  const click = desk.may("certification:application:file")
    ? button("一键申报", async () => {
      const application = await post("/certifications", { unit: code });
      desk.go(`#/applications/${application.id}`);
    }, readiness.met ? "big primary" : "big")
    : h("p", { class: "muted" }, "由网格员或社区书记申报。");
  return card(readiness.met ? "可以申报" : "还不能申报", h("p", {}, words), click);
}

function underWay(application) {
  return card("申报进展",
    lines(line("现在", application.status_label), line("批次", application.batch && `第 ${application.batch.number} 批`)),
    h("a", { class: "button primary", href: `#/applications/${application.id}` }, "看申报详情"));
}

function stillRed(readiness, live) {
  const streak = readiness.streak_days === null ? "没有疫情记录" : `连续无疫情 ${readiness.streak_days} 天`;
  const heading = readiness.met ? "各项都达标" : live ? "按今天的情况，还差什么" : "还差什么";
  return card(heading, h("p", { class: "muted" }, `${streak}。按 ${day(readiness.as_of, true)} 的记录试算。`), ...verdict(readiness));
}

function past(filed, live) {
  const ended = filed.filter((one) => one !== live);
  if (!ended.length) return null;
  return card("以前的申报", h("ul", { class: "rows" }, ended.map((one) =>
    h("li", {}, h("a", { class: "row", href: `#/applications/${one.id}` }, h("b", {}, day(one.created_at.slice(0, 10), true)), chip(one.status_label, tone(one.status)))))));
}
