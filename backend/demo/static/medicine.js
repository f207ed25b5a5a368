// Medicine. A household: ask with a photo, answer, take it at the door. The office: check, plan, seal, the evening.
// The volunteer: the list, the counter, the doors. What a medicine is called is only shown by a recorded look.

import { all, get, look, missing, post, upload } from "./api.js";
import { ask, button, card, chip, field, h, line, lines, message, once, picture, words } from "./dom.js";
import { radios } from "./basket.js";
import { CONSENTS, fen, stairwell, when, yuan } from "./group_words.js";
import { trip, trips } from "./trips.js";
import { FORMS, ways } from "./medicine_words.js";
import { day } from "./words.js";

export const title = "药品";
export const forWhom = (desk) => desk.me.homes.length > 0 || OFFICE.some(desk.may) || desk.may("volunteering:task:claim");
export const first = () => -4;

const CHECK = "medicine:request:check", PLAN = "medicine:trip:plan", FOR_OTHERS = "medicine:request:for_others";
const OFFICE = [CHECK, PLAN, FOR_OTHERS];

export function page(desk, view, id) {
  if (view === "new") return form(desk, id);
  if (view === "request") return detail(desk, id);
  if (view === "trip") return trip(desk, id);
  return list(desk);
}

const home = (one) => `${stairwell(one.place_code)} ${one.room}`;

const TONES = {
  submitted: "wait", needs_info: "bad", held_for_prescription: "wait", checked: "notice", planned: "notice", buying: "notice",
  substitute_pending: "bad", bought: "good", delivering: "good", delivered: "good", unavailable: "bad", refused: "wait",
};
export const tone = (status) => TONES[status] ?? "plain";

async function list(desk) {
  const office = OFFICE.some(desk.may);
  const [requests, courses, due, offers] = await Promise.all([
    all("/medicine-requests"), all("/medicine-courses"), desk.may(FOR_OTHERS) ? all("/medicine-courses", { place: desk.me.posts[0].place_code }) : [], all("/medicine-offers"),
  ]);
  const of = (...statuses) => requests.filter((one) => statuses.includes(one.status));
  const rest = requests.filter((one) => !["submitted", "needs_info", "substitute_pending", "settled", "cancelled"].includes(one.status));
  const out = [...new Map([...courses, ...due].map((course) => [course.id, course])).values()].filter((course) => course.due);
  return [
    h("div", { class: "event" }, h("h1", {}, office ? "药品需求" : desk.me.homes.length ? "我家的药" : "买药送药"), (desk.may(FOR_OTHERS) || desk.me.homes.length > 0) && h("a", { class: "button primary", href: "#/medicine/new" }, desk.may(FOR_OTHERS) ? "替住户登记" : "要买药")),
    h("div", { class: "columns" },
      h("div", { class: "stack" },
        section("等住户答复：比说好的贵，或要换一种", of("substitute_pending")), section("需要补充说明", of("needs_info")),
        section(desk.may(CHECK) ? "等核对药盒照片" : "等另一个人核对", of("submitted")), section("办理中", rest),
        requests.length ? null : h("p", { class: "muted" }, "没有药品需求。")),
      h("div", { class: "stack" }, offers.map((one) => offer(desk, one)), runningOut(desk, out), await trips(desk),
        section("已办完", of("settled", "cancelled").slice(0, 5)))),
  ];
}

function section(label, requests) {
  if (!requests.length) return null;
  return h("section", { class: "stack near" }, h("h2", {}, `${label}：${requests.length}`), h("ul", { class: "rows" }, requests.map((one) => h("li", {}, h("a", { class: "row", href: `#/medicine/request/${one.id}` },
    h("span", {}, h("b", {}, home(one)), h("small", { class: "muted block" }, `${one.category}，${day(one.needed_on)}前要`)), chip(one.status_label, tone(one.status)))))));
}

function offer(desk, one) {
  const answer = (accept) => desk.act(() => post(`/medicine-offers/${one.id}/answer`, { revision: one.revision, accept, ...(desk.may(FOR_OTHERS) ? { consent: "voice" } : {}) }), accept ? "好的，今天就送来。" : "已答复。");
  return card("社区有一盒同样的药", h("p", {}, `未拆封，${one.quantity} 份，${yuan(one.fen)}，有效期到 ${day(one.expires_on, true)}。请在 ${when(one.answer_by)} 前答复。`),
    one.allowed_actions.includes("accept") ? h("div", { class: "choices" }, button("要", () => answer(true), "primary"), button("不要", () => answer(false))) : null);
}

function runningOut(desk, courses) {
  if (!courses.length) return null;
  return card(`快吃完了：${courses.length} 种`, h("ul", { class: "stack" }, courses.map((course) => h("li", { class: "event" },
    h("span", {}, h("b", {}, home(course)), h("small", { class: "muted block" }, `${course.form_label}，还够 ${course.days_left} 天`)),
    button("照上次续药", () => again(desk, course), "primary")))));
}

function again(desk, course) {
  const own = desk.me.homes.some((one) => one.id === course.household_id);
  const go = (body) => desk.act(() => post("/medicine-courses/request", { course_ids: [course.id], ...body }), "已登记，和上次一样。");
  return own ? go({}) : ask({ title: `替 ${home(course)} 续药`, yes: "登记", fields: [consent()] }, (form) => go({ consent: form.consent.value }));
}

const consent = () => radios("住户怎样同意的", "consent", CONSENTS, "in_person");

// --- Asking for medicine ------------------------------------------------------------------------------------------

/** The photo comes first: what it shows need not be described well. `household`: the one at whose door somebody is. */
async function form(desk, household) {
  const others = desk.may(FOR_OTHERS) && !household;
  const where = desk.me.posts[0]?.place_code;
  const doors = others ? await missing(all("/households", { place: where.length > 16 ? where : `${where.slice(0, 12)}-001-001` })) ?? [] : [];
  const photo = h("input", { type: "file", accept: "image/*", capture: "environment", name: "photo_ids", required: true });
  const shown = h("div");
  photo.addEventListener("change", () => shown.replaceChildren(...[...photo.files].map((taken) => picture(taken, "药盒照片"))));
  const fields = h("form", { class: "card" }, h("h2", {}, "一、先拍药盒"), field("正面，看得清名字和规格", photo), shown,
    h("h2", {}, "二、买什么"),
    household ? h("p", {}, "住户就在您面前，当面同意的。", h("input", { type: "hidden", name: "household_id", value: household }), h("input", { type: "hidden", name: "consent", value: "in_person" })) : null,
    doors.length ? field("替哪一户", h("select", { name: "household_id" }, [...doors].toSorted((a, b) => home(a).localeCompare(home(b), "zh", { numeric: true })).map((one) => h("option", { value: one.id, selected: one.no_smartphone }, `${home(one)}${one.no_smartphone ? "（没有智能手机）" : ""}`)))) : null,
    doors.length ? consent() : null,
    field("药名", h("input", { name: "name", required: true, maxlength: 60 })),
    h("div", { class: "pair" }, field("厂家", h("input", { name: "maker", maxlength: 60 })), field("规格", h("input", { name: "specification", maxlength: 60 }))),
    h("div", { class: "pair" }, field("剂型", h("select", { name: "form" }, Object.entries(FORMS).map(([value, label]) => h("option", { value }, label)))), field("几盒", h("input", { name: "quantity", type: "number", min: 1, max: 99, value: 1, required: true })),
      field("最多花多少元", h("input", { name: "ceiling_fen", type: "number", min: 0.01, step: 0.01, required: true, inputmode: "decimal" }))),
    field("家里还够吃几天", h("input", { name: "days_left", type: "number", min: 0, max: 365, inputmode: "numeric" }), "快吃完的先买。超过最高价会先问您，不会先花钱。"),
    Object.entries({ substitution: "没有原药可以问我换一种", cold: "要冷藏", prescription: "要凭处方", sealed_otc: "是非处方药，没拆封的可以转给邻居" }).map(([name, label]) => h("label", { class: "tick" }, h("input", { type: "checkbox", name }), h("span", {}, label))),
    h("button", { class: "primary big" }, "登记"));
  fields.addEventListener("submit", (event) => {
    event.preventDefault();
    once(fields.querySelector("button.primary"), () => desk.act(() => file(desk, fields.elements, photo), "已登记，等另一个人核对。"));
  });
  return [h("h1", {}, others || household ? "替住户登记买药" : "要买药"), h("p", { class: "muted" }, "药名加密保存，只有核对和买药的人看得到，每次查看都有记录；照片送到七天后删除。"), fields];
}

async function file(desk, given, photo) {
  const household = given.household_id?.value;
  const sent = await upload(`/medicine-photos${household ? `?household=${household}` : ""}`, photo.files[0]);
  const medicine = {
    name: given.name.value.trim(), maker: given.maker.value.trim() || null, specification: given.specification.value.trim() || null, form: given.form.value,
    quantity: Number(given.quantity.value), ceiling_fen: fen(given.ceiling_fen), days_left: given.days_left.value === "" ? null : Number(given.days_left.value),
    ...Object.fromEntries(["substitution", "cold", "prescription", "sealed_otc"].map((name) => [name, given[name].checked])),
  };
  const made = await post("/medicine-requests", { lines: [medicine], photo_ids: [sent.id], ...(household ? { household_id: household, consent: given.consent.value } : {}) });
  location.hash = `#/medicine/request/${made.id}`;
}

// --- One request --------------------------------------------------------------------------------------------------

async function detail(desk, id) {
  const request = await get(`/medicine-requests/${id}`);
  const own = desk.me.homes.some((one) => one.id === request.household_id);
  return [
    h("div", { class: "stack near" }, h("h1", {}, home(request)), h("p", { class: "meta" }, chip(request.status_label, tone(request.status)), h("span", { class: "muted" }, `${request.category}，${day(request.needed_on)}前要`))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, questions(desk, request, own), own && code(request), clear(desk, request, own), steps(desk, request)),
      h("div", { class: "stack" }, timeline(request), medicines(request))),
  ];
}

const KINDS = { price: (one) => `现在要 ${yuan(one.fen)}，比您说的最高价贵。还买吗？`, substitute: (one) => `没有原药，可以换一种，${yuan(one.fen)}。换吗？` };

function questions(desk, request, own) {
  return request.questions.filter((one) => one.accepted === null).map((one) => {
    const answer = (accept) => {
      const go = (body) => desk.act(() => post(`/medicine-questions/${one.id}/answer`, { accept, ...body }), accept ? "已答复：买。志愿者马上能看到。" : "已答复：不要了，不用付钱。");
      return own ? go({}) : ask({ title: `替 ${home(request)} 答复`, yes: accept ? "买" : "不要", fields: [consent()] }, (form) => go({ consent: form.consent.value }));
    };
    return h("section", { class: "card", "data-tone": "wait" }, h("h2", {}, "志愿者在柜台等您答复"), h("p", {}, KINDS[one.kind](one)), h("p", { class: "muted" }, "十五分钟内没有答复，这次就不买。"),
      h("div", { class: "choices" }, button("买", () => answer(true), "primary"), button("不要了", () => answer(false))));
  });
}

function code(request) {
  if (request.status !== "delivering") return null;
  const shown = h("p", { class: "huge number spaced" });
  return h("section", { class: "ticket card", "data-tone": "good" }, h("p", {}, "志愿者送到门口时，告诉他收药码"), shown,
    button("看收药码", async () => { shown.textContent = (await post(`/medicine-requests/${request.id}/code`)).code; }, "primary"));
}

/** Names and photo, side by side, once somebody has said what for. */
function clear(desk, request, own) {
  if (request.erased_on) return message("plain", "这份需求的内容已按规定删除。");
  const place = h("div", { class: "stack" });
  const checks = request.allowed_actions.some((action) => ["check", "hold"].includes(action));
  const purpose = own ? "own" : checks ? "check" : "deliver";
  const show = async () => {
    const [named, ...photos] = await Promise.all([post(`/medicine-requests/${request.id}/reveal`, { purpose }), ...request.photo_ids.map((photo) => missing(look(`/medicine-photos/${photo}/reveal`, { purpose })))]);
    place.replaceChildren(...photos.filter(Boolean).map((photo) => picture(photo, "药盒照片")),
      h("ul", { class: "stack" }, named.lines.map((one, n) => h("li", { class: "event" }, h("span", {}, h("b", {}, one.name), h("small", { class: "muted block" }, [one.maker, one.specification].filter(Boolean).join("，"))),
        h("span", { class: "number" }, `${request.lines[n]?.quantity ?? ""} 盒`)))),
      ...[named.disease && h("p", {}, `病种：${named.disease}`), named.note && h("p", {}, `说明：${named.note}`), named.question && message("wait", `核对的人问：${named.question}`)].filter(Boolean));
  };
  return card(checks ? "和照片一样吗？" : "药名", place, button(checks ? "看照片和药名（留痕）" : "看药名（留痕）", show, checks ? "primary" : ""));
}

const STEPS = { check: "一样，核对通过", hold: "一样，先等处方或医保卡", ask_info: "看不清，请补充", amend: "补充说明", cancel: "取消" };

function steps(desk, request) {
  const act = (path, body, done) => desk.act(() => post(`/medicine-requests/${request.id}/${path}`, { revision: request.revision, ...body }), done);
  const offered = {
    check: () => act("check", {}, "核对通过，可以安排买药了。"),
    hold: () => act("check", {}, "已核对，等处方或医保卡。"),
    ask_info: () => ask({ title: "请补充说明", yes: "发给住户", fields: [field("问什么", words("question", { required: true }))] }, (form) => act("ask-info", { question: form.question.value.trim() }, "已发给登记的人。")),
    amend: () => amend(desk, request, act),
    cancel: () => ask({ title: "取消这份需求？", yes: "取消需求", kind: "danger" }, () => act("cancel", {}, "已取消。")),
  };
  const shown = Object.keys(offered).filter((action) => request.allowed_actions.includes(action));
  return shown.length ? card("办理", h("div", { class: "choices" }, shown.map((action) => button(STEPS[action], offered[action], { check: "primary", hold: "primary", amend: "primary", cancel: "danger" }[action] ?? "")))) : null;
}

function amend(desk, request, act) {
  const photo = h("input", { type: "file", accept: "image/*", capture: "environment", name: "photo_ids" });
  const own = desk.me.homes.some((one) => one.id === request.household_id);
  ask({ title: "补充说明", yes: "交上去", fields: [field("再拍一张", photo), field("说明", words("note")), own ? null : consent()].filter(Boolean) }, async (form) => {
    const sent = photo.files[0] ? [(await upload(`/medicine-photos?household=${request.household_id}`, photo.files[0])).id] : [];
    await act("amend", { note: form.note.value.trim() || null, photo_ids: sent, ...(own ? {} : { consent: form.consent.value }) }, "已补充，等核对。");
  });
}

const WAY = ["登记", "核对", "安排", "买到", "送到", "结清"];
const REACHED = { submitted: 0, needs_info: 0, held_for_prescription: 1, checked: 1, unavailable: 1, planned: 2, buying: 2, substitute_pending: 2, bought: 3, delivering: 3, delivered: 4, settled: 5 };

function timeline(request) {
  const at = REACHED[request.status];
  if (at === undefined) return null;
  return card("进度", h("ol", { class: "stages" }, WAY.map((name, n) => h("li", { "data-state": n <= at ? "done" : n === at + 1 ? "next" : null }, h("b", {}, name), n === 0 && h("small", { class: "muted" }, when(request.created_at))))));
}

const medicines = (request) => card("要什么", h("ul", { class: "stack" }, request.lines.map((one) => h("li", { class: "event" },
  h("span", {}, h("b", {}, `${one.form_label} ${one.quantity} 盒`), h("small", { class: "muted block" }, ways(one))), chip(one.status_label)))),
lines(line("处方", request.prescription ? (request.prescription_in ? "已收到" : "还没有") : null), line("医保卡", request.insurance_card ? (request.card_in ? "已收到" : "还没有") : null), line("证件在外", request.cards_out || null)));
