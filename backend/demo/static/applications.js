// The queue of applications, and one of them: its frozen evidence, its history, and the steps the server offers.

import { all, get, post } from "./api.js";
import { ask, button, card, chip, field, h, line, lines, said, words } from "./dom.js";
import { objectionsTo } from "./objections.js";
import { verdict } from "./verdict.js";
import { ACTIONS, MEASURES, RECORDS, day, moment, tone } from "./words.js";

const OFFICE = "027-83210000";
const WIDE = matchMedia("(min-width: 58rem)"); // beside the history there is room to spell the evidence out
const READ = "certification:application:read";
const SIGN = "certification:application:certify";

export const title = "申报";
export const forWhom = (desk) => desk.may(READ);
export const first = () => 1;

export const page = (desk, id) => (id ? detail(desk, id) : queue(desk));

/** Steps that undo or end: offered, but no reason for the application to stand among what waits. */
const ENDING = new Set(["withdraw", "revoke"]);
const waits = (application) => application.allowed_actions.some((action) => !ENDING.has(action));

async function queue(desk) {
  const items = await all("/certifications");
  const waiting = items.filter(waits);
  const rest = items.filter((one) => !waits(one));
  return [
    h("h1", {}, waiting.length ? `等我办理的申报：${waiting.length} 份` : "没有等我办理的申报"),
    waiting.length ? rows(waiting) : null,
    desk.may(SIGN) && batch(desk),
    rest.length ? h("section", { class: "stack" }, h("h2", {}, "其他申报"), rows(rest)) : null,
  ].filter(Boolean);
}

const rows = (items) => h("ul", { class: "rows" }, items.map((one) => h("li", {}, h("a", { class: "row", href: `#/applications/${one.id}` },
  h("span", {}, h("b", {}, one.unit.name), h("small", { class: "muted block" }, note(one))), chip(one.status_label, tone(one.status))))));

function note(one) {
  if (one.notice_ends_at && one.status === "public_notice") return `公示到 ${moment(one.notice_ends_at)}`;
  if (one.review_due_at) return `请在 ${moment(one.review_due_at)} 前办理`;
  if (one.return_due_at) return `请在 ${moment(one.return_due_at)} 前补正`;
  if (one.batch) return `第 ${one.batch.number} 批`;
  return `${moment(one.created_at)} 申报`;
}

function batch(desk) {
  const places = desk.me.posts.map((held) => held.place_code);
  return card("签发本日批次", h("p", {}, "公示期满、没有未答复异议的申报，一次认定。"), ...places.map((district) =>
    button("签发本日批次", async () => {
      let result = null;
      await desk.act(async () => { result = await post("/certification-batches", { district }); }, "已签发。");
      if (result) tell(result);
    })));
}

function tell({ certified, refused }) {
  const points = [...certified.map((one) => `${one.unit.name}：${one.status_label}`), ...refused.map((one) => one.detail)];
  const summary = certified.length ? `本次认定 ${certified.length} 个小区。` : "没有公示期满、可以认定的申报。";
  said(certified.length ? "good" : "notice", summary, points.length ? h("ul", {}, points.map((point) => h("li", {}, point))) : "");
}

async function detail(desk, id) {
  const application = await get(`/certifications/${id}`);
  if (application.status === "public_notice") desk.refreshAt(application.notice_ends_at);
  return [
    h("div", { class: "stack near" }, h("h1", {}, application.unit.name),
      h("p", { class: "meta" }, chip(application.status_label, tone(application.status)), h("a", { class: "aside", href: `/p/${application.unit.code}` }, "看公开页面"))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, progress(desk, application), await objectionsTo(desk, application), evidence(application)),
      h("div", { class: "stack" }, timeline(application))),
  ];
}

function progress(desk, application) {
  const items = itemsOf(application);
  return card("现在",
    lines(
      line("状态", application.status_label),
      line("办理时限", moment(application.review_due_at)),
      line("补正时限", moment(application.return_due_at)),
      line("退回的项目", application.reopened.map((item) => items.get(item)?.join("、") ?? item).join("；")),
      line("公示期", application.notice_ends_at && `${moment(application.notice_starts_at)} 到 ${moment(application.notice_ends_at)}`),
      line("公示暂停", application.notice_remaining_seconds === null ? null : `恢复后还剩 ${span(application.notice_remaining_seconds)}`),
      line("监督电话", application.notice_contact),
      line("批次", application.batch && `第 ${application.batch.number} 批，${day(application.batch.day, true)}`),
      line("认定时间", moment(application.certified_at)),
      line("结束时间", moment(application.ended_at)),
    ),
    application.allowed_actions.length ? h("div", { class: "choices" }, ranked(application.allowed_actions).map((action) => offered(desk, application, action)))
      : h("p", { class: "muted" }, "这份申报现在没有要您办理的。"));
}

function span(seconds) {
  if (seconds < 120) return `${seconds} 秒`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} 分钟` : `${Math.floor(seconds / 3600)} 小时`;
}

const KINDS = { approve: "primary", publish: "primary", certify: "primary", resubmit: "primary", reject: "danger", revoke: "danger", withdraw: "danger" };

const rank = (action) => ["primary", undefined, "danger"].indexOf(KINDS[action]);
const ranked = (actions) => actions.toSorted((a, b) => rank(a) - rank(b));

function offered(desk, application, action) {
  const label = ACTIONS[action] ?? action;
  const step = (body) => desk.act(
    () => post(`/certifications/${application.id}/${action.replaceAll("_", "-")}`, { revision: application.revision, ...body }), `已办理：${label}。`);
  const form = FORMS[action]?.(application);
  const work = form ? async () => ask({ title: label, yes: label, kind: KINDS[action], ...form.asks }, (controls) => step(form.body(controls))) : () => step({});
  return button(label, work, KINDS[action]);
}

/** What a step asks the person for; a step that is not named here needs nothing but the click. */
const FORMS = {
  publish: () => ({
    asks: { fields: [field("监督电话", h("input", { name: "contact", value: OFFICE, required: true, inputmode: "tel" }), "单位的座机或服务热线，会写在公示上。")] },
    body: ({ contact }) => ({ contact: contact.value }),
  }),
  return: (application) => ({
    asks: { fields: [picked(application), reason("要补正什么")] },
    body: ({ items, reason: why }) => ({
      items: [...(items.length === undefined ? [items] : items)].filter((tick) => tick.checked).map((tick) => tick.value), reason: why.value,
    }),
  }),
  resubmit: (application) => ({
    asks: {
      words: "系统会按今天的记录重新核对退回的项目。",
      fields: application.reopened.map((item) => field(itemsOf(application).get(item)?.join("、") ?? item, words(`answer.${item}`), "说明怎样补正的，可不填。")),
    },
    body: (controls) => {
      const given = application.reopened.map((item) => [item, controls[`answer.${item}`].value.trim()]);
      return { answers: Object.fromEntries(given.filter(([, answer]) => answer)) };
    },
  }),
  reject: () => reasoned("原因会告知申报人。"),
  revoke: () => reasoned("认定立即取消，并立案问责。"),
  withdraw: () => reasoned("撤回后这份申报结束，可以重新申报。", false),
};

function reasoned(consequence, required = true) {
  return { asks: { words: consequence, fields: [reason(required ? "原因" : "原因（可不填）", required)] }, body: ({ reason: why }) => ({ reason: why.value.trim() || null }) };
}

const reason = (label, required = true) => field(label, words("reason", { required }));

const picked = (application) => h("fieldset", {}, h("legend", {}, "退回哪几项（只有这些项目重新打开）"),
  [...itemsOf(application)].map(([item, titles]) =>
    h("label", { class: "tick" }, h("input", { type: "checkbox", name: "items", value: item }), h("span", {}, titles.join("、")))));

/** The items of the rule pack as this filing knows them: each with the titles of its criteria. */
function itemsOf(application) {
  const items = new Map();
  for (const { item, title: named } of application.filing.verdict.criteria) items.set(item, [...(items.get(item) ?? []), named]);
  return items;
}

function evidence({ filing, pack_id, pack_version }) {
  const counted = Map.groupBy(filing.records, (record) => record.kind);
  const kinds = [...counted].map(([kind, records]) => `${RECORDS[kind] ?? kind} ${records.length} 条`).join("，");
  const { score, pass_score } = filing.verdict;
  return card("冻结的证据",
    h("p", { class: "muted" }, `第 ${filing.number} 次提交，按 ${day(filing.as_of, true)} 的记录，规则 ${pack_id} ${pack_version}。${kinds}。`),
    filing.note && h("p", {}, h("b", {}, "补正说明："), filing.note),
    score === null ? null : h("p", {}, `得分 ${score}，要求 ${pass_score}。`),
    ...verdict(filing.verdict, { open: WIDE.matches }), sheets(counted.get("daily_record") ?? []));
}

function sheets(records) {
  if (!records.length) return null;
  const measured = Object.keys(MEASURES).filter((name) => records.some(({ values }) => name in values));
  const ordered = records.toSorted((a, b) => b.day.localeCompare(a.day));
  return h("details", {}, h("summary", {}, `逐日记录 ${records.length} 天`), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "逐日记录" },
    h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "日期"), measured.map((name) => h("th", {}, MEASURES[name])))),
      h("tbody", {}, ordered.map((record) => h("tr", {}, h("th", {}, day(record.day)), measured.map((name) => h("td", {}, String(record.values[name] ?? "—")))))))));
}

function timeline({ history }) {
  return card("经过", h("ol", { class: "timeline" }, history.map((event) => h("li", {},
    h("b", {}, event.label), h("span", { class: "muted" }, `${moment(event.at)} ${event.by}`),
    event.reason && h("p", {}, event.reason)))));
}
