// Trips to the pharmacy: planned and sealed by the office, bought and brought by a volunteer, even in the evening.

import { all, get, missing, post, upload } from "./api.js";
import { ask, button, card, chip, field, h, line, lines, message, words } from "./dom.js";
import { radios } from "./basket.js";
import { fen, stairwell, when, yuan } from "./group_words.js";
import { CHECKS, FORMS, MISSED, REFUSALS, ways } from "./medicine_words.js";
import { print } from "./paper.js";
import { day, later, today } from "./words.js";

const PLAN = "medicine:trip:plan", CASH = "payments:payment:read", CLAIM = "volunteering:task:claim";
const TONES = { open: "wait", sealed: "notice", accepted: "notice", at_pharmacy: "notice", returning: "notice", handing_out: "good", aborted: "bad", reconciled: "good" };

export async function trips(desk) {
  if (![PLAN, CASH, CLAIM].some(desk.may)) return null;
  const [found, mine] = await Promise.all([all("/medicine-trips"), rounds(desk)]);
  const live = found.filter((one) => !["reconciled", "cancelled"].includes(one.status)).toSorted((a, b) => b.id.localeCompare(a.id));
  const place_code = desk.me.posts[0].place_code.slice(0, 12);
  return [
    mine,
    live.length || desk.may(PLAN) ? h("section", { class: "stack near" }, h("h2", {}, "去药店的行程"), live.length ? rows(live) : h("p", { class: "muted" }, "没有在办的行程。"),
      desk.may(PLAN) && button("把核对好的都排上", () => desk.act(async () => {
        const made = await post("/medicine-plans", { place_code });
        if (made.unplaced.length) ask({ title: `${made.unplaced.length} 份排不上`, yes: "好", fields: [h("ul", {}, made.unplaced.map((one) => h("li", {}, one.reason)))] }, async () => {});
      }, "已按药店、病种和缓急排好，封单前可以调整。"), "primary")) : null,
    desk.may(PLAN) ? await shops() : null,
    desk.may(PLAN) ? await shelf(desk, place_code) : null,
  ];
}

const rows = (found) => h("ul", { class: "rows" }, found.map((one) => h("li", {}, h("a", { class: "row", href: `#/medicine/trip/${one.id}` },
  h("span", {}, h("b", {}, one.pharmacy_name ?? "社区存药"), h("small", { class: "muted block" }, [day(one.day), `${one.count} 户`, one.volunteer_name].filter(Boolean).join("，"))), chip(one.status_label, TONES[one.status])))));

async function shops() {
  const found = await all("/pharmacies");
  return card("附近的药店", h("ul", { class: "stack" }, found.map((one) => h("li", { class: "stack near" }, h("div", { class: "event" }, h("b", {}, one.name), chip(one.queue_minutes === null ? "没有排队消息" : `排队 ${one.queue_minutes} 分钟`, "notice")),
    h("small", { class: "muted" }, [one.address, `${one.opens_at}–${one.closes_at}`, one.cold && "供应冷藏药", one.diseases.length && `定点：${one.diseases.join("、")}`].filter(Boolean).join("，")),
    one.stock.length ? h("span", { class: "chips" }, one.stock.map((seen) => chip(`${seen.has ? "有" : "缺"} ${seen.name}`, seen.has ? "good" : "bad"))) : null))));
}

/** What was refused and lies at the community: to the pharmacy, to a household that needs the same, or a loss. */
async function shelf(desk, place) {
  const goods = await missing(all("/medicine-goods", { place })) ?? [];
  if (!goods.length) return null;
  return card(`社区存药：${goods.length} 份`, h("ul", { class: "stack" }, goods.map((one) => h("li", { class: "stack near" },
    h("div", { class: "event" }, h("span", {}, h("b", {}, `${FORMS[one.form]} ${one.quantity} 盒，${yuan(one.fen)}`), h("small", { class: "muted block" }, `${one.refusal_label ?? ""}，有效期到 ${day(one.expires_on, true)}`)), chip(one.status_label, "wait")),
    h("div", { class: "choices" }, one.ways.includes("pharmacy") && desk.may(CASH) && button("退给药店", () => ask({
      title: "药店退了多少钱", yes: "登记", fields: [field("元", h("input", { name: "back_fen", type: "number", step: 0.01, min: 0, value: one.fen / 100, required: true })), receipt()],
    }, (form) => desk.act(() => post(`/medicine-goods/${one.id}/returns`, { revision: one.revision, back_fen: fen(form.back_fen), receipt: form.receipt.value }), "已退给药店。"))),
    one.ways.includes("neighbour") && button("问问同样需要的住户", async () => {
      const { items } = await get(`/medicine-goods/${one.id}/candidates`);
      if (!items.length) return ask({ title: "现在没有住户在等同样的药", yes: "好" }, async () => {});
      await desk.act(() => post(`/medicine-goods/${one.id}/offers`, { revision: one.revision, request_id: items[0].request_id }), "已问最急的一户，等答复。");
    }))))));
}

const receipt = () => field("收据号", h("input", { name: "receipt", required: true, maxlength: 40, value: `M${Date.now().toString().slice(-8)}` }));

// --- The doors ----------------------------------------------------------------------------------------------------

/** The volunteer's own rounds: what they are at the doors with just now. */
async function rounds(desk) {
  if (!desk.may(CLAIM)) return null;
  const held = (await all("/task-claims")).filter((claim) => claim.kind === "medicine_delivery" && claim.status === "in_progress");
  const seen = (await Promise.all(held.map((claim) => post(`/task-claims/${claim.id}/doors`)))).flatMap((claim) => claim.stops.map((stop) => ({ ...stop, claim })));
  const waiting = (await all("/medicine-requests", { status: "delivering" })).map((request) => [request, seen.find((stop) => stop.household_id === request.household_id && !stop.outcome)]).filter(([, stop]) => stop);
  if (!held.length) return null;
  return card(`送药上门：还有 ${waiting.length} 户`, h("p", { class: "muted" }, "先核对是不是本人，再交药。"), h("ul", { class: "stack" }, waiting.map(([request, stop]) => h("li", { class: "stop" },
    h("b", { class: "number" }, `${stairwell(stop.place_code)} ${stop.room}`), h("span", { class: "muted" }, request.category), h("div", { class: "choices" }, atTheDoor(desk, request))))),
  h("a", { class: "button", href: `#/tasks/${held[0].id}` }, "都送完了，交差"));
}

function atTheDoor(desk, request, owed) {
  return [
    button("核对身份并交药", () => ask({
      title: "是本人吗？", yes: "交药", words: owed ? `要收 ${yuan(owed)}。` : "住户可以先付，也可以当面付现金。",
      fields: [radios("怎样核对", "by", CHECKS, "code"), field("四位数字", h("input", { name: "said", maxlength: 4, inputmode: "numeric", autocomplete: "off" }), "住户说的收药码，或手机尾号。"),
        field("当面收现金（元）", h("input", { name: "paid_fen", type: "number", min: 0, step: 0.01, value: 0 })), receipt()],
    }, async (form) => {
      const paid = fen(form.paid_fen);
      const answer = await post(`/medicine-requests/${request.id}/hand-over`, { by: form.by.value, said: form.said.value, paid_fen: paid, receipt: paid ? form.receipt.value : null });
      if (!answer.handed_over) throw Object.assign(new Error(), { problem: { detail: answer.warm ? "冷藏药已经超过时限，不能交付，系统会重新安排。" : `对不上，请再核对一次（还可以试 ${answer.tries_left} 次）。` } });
      await desk.act(async () => {}, `已送到。${answer.owed_fen > paid ? `还欠 ${yuan(answer.owed_fen - paid)}。` : ""}`);
    }), "primary"),
    button("住户不收", () => ask({ title: "为什么不收", words: "不收的药由社区处理，您不用垫钱。", yes: "登记拒收", fields: [radios("原因", "refusal", REFUSALS, "too_dear")] },
      (form) => desk.act(() => post(`/medicine-requests/${request.id}/refusal`, { refusal: form.refusal.value }), "已登记拒收。药请带回社区，钱由社区承担。"))),
  ];
}

// --- One trip -----------------------------------------------------------------------------------------------------

export async function trip(desk, id) {
  const one = await get(`/medicine-trips/${id}`);
  const waiting = desk.may(PLAN) && one.status === "open" ? (await all("/medicine-requests", { status: "checked" })) : [];
  return [
    h("div", { class: "stack near" }, h("h1", {}, one.pharmacy_name ?? "社区存药"), h("p", { class: "meta" }, chip(one.status_label, TONES[one.status]), h("span", { class: "muted" }, [day(one.day), `${one.count} 户`, one.volunteer_name].filter(Boolean).join("，")))),
    h("div", { class: "columns" },
      h("div", { class: "stack" }, steps(desk, one), counter(desk, one), packages(desk, one), adding(desk, one, waiting)),
      h("div", { class: "stack" }, purse(one), desk.may(CASH) ? await cash(desk, one) : null, route(one))),
  ];
}

const STEPS = { seal: "封单，找志愿者", arrive: "到药店了", leave: "买完了，返回", hand_out: "开始分发", abort: "中途停止", cancel: "取消这趟" };
const REASONED = new Set(["abort", "cancel"]);
const WHY = { vehicle: "车辆故障", pharmacy_closed: "药店关门", unwell: "身体不适", unsafe: "路上不安全", called_away: "临时有事", nobody_went: "当天没有志愿者出发", planned_anew: "重新安排", other: "其他原因" };

function steps(desk, one) {
  const go = (action, body = {}) => desk.act(() => post(`/medicine-trips/${one.id}/steps`, { action, revision: one.revision, ...body }), `${STEPS[action]}：已登记。`);
  const offered = Object.keys(STEPS).filter((action) => one.allowed_actions.includes(action));
  const even = one.allowed_actions.includes("reconcile") && button("对账", () => desk.act(() => post(`/medicine-trips/${one.id}/reconcile`, { revision: one.revision }), "账已对平，志愿者手里是零。"), "primary");
  if (!offered.length && !even) return null;
  return card("下一步", h("div", { class: "choices" }, offered.map((action) => (REASONED.has(action)
    ? button(STEPS[action], () => ask({ title: STEPS[action], words: "已经买到的会保留，没买的重新安排。", yes: STEPS[action], kind: "danger", fields: [radios("原因", "reason", WHY, "other")] }, (form) => go(action, { reason: form.reason.value })), "danger")
    : button(STEPS[action], () => go(action), "primary"))), even),
  ["accepted", "at_pharmacy", "returning"].includes(one.status) ? h("div", {}, button("出行证明", () => print(`/medicine-trips/${one.id}/pass`, {}))) : null);
}

/** The shopping list, for whoever stands at the counter, by package and without a name or a door. */
function counter(desk, one) {
  if (!desk.may(CLAIM) || !["accepted", "at_pharmacy"].includes(one.status)) return null;
  const place = h("div", { class: "stack" });
  const show = async () => {
    const { items } = await post(`/medicine-trips/${one.id}/reveal`, { purpose: "buy" });
    place.replaceChildren(...items.map((bag) => h("section", { class: "stack near" }, h("h3", {}, `${bag.number} 号药包${bag.insurance_card ? "（用医保卡）" : ""}`), h("ul", { class: "stack" }, bag.lines.map((wanted) => h("li", { class: "stack near" },
      h("div", { class: "event" }, h("span", {}, h("b", {}, wanted.instead ?? wanted.name), h("small", { class: "muted block" }, [wanted.maker, wanted.specification].filter(Boolean).join("，"))), h("span", { class: "number" }, `${FORMS[wanted.form]} ${wanted.quantity} 盒`)),
      h("small", { class: "muted" }, ways(wanted)), wanted.status === "wanted" && one.status === "at_pharmacy" ? h("div", { class: "choices" }, buying(desk, one, wanted)) : chip(LINES[wanted.status] ?? "", LINE_TONES[wanted.status])))))));
  };
  const photo = h("input", { type: "file", accept: "image/*", capture: "environment", name: "receipt_photo" });
  photo.addEventListener("change", () => photo.files.length && desk.act(() => upload(`/medicine-trips/${one.id}/receipt-photos`, photo.files[0]), "小票已上传。"));
  return card("采买清单", h("p", { class: "muted" }, "只有正在买药的您看得到，每次查看都有记录。"), button("看清单（留痕）", show, "primary"), place, one.status === "at_pharmacy" ? field("付完款，拍下小票", photo) : null);
}

const LINES = { wanted: "待购买", substitute_pending: "等住户答复", bought: "已买到", unavailable: "没有买到", declined: "住户不要了" };
const LINE_TONES = { bought: "good", substitute_pending: "wait", unavailable: "bad" };

function buying(desk, one, wanted) {
  const at = (path, body, done) => desk.act(() => post(`/medicine-trips/${one.id}/${path}`, { line_id: wanted.line_id, ...body }), done);
  return [
    button("买到了", () => ask({
      title: "买到了", words: `最高 ${yuan(wanted.ceiling_fen)}，超过请先问住户。`, yes: "登记", fields: [
        h("div", { class: "pair" }, field("几盒", h("input", { name: "quantity", type: "number", min: 1, max: wanted.quantity, value: wanted.quantity, required: true })), field("一共多少元", h("input", { name: "fen", type: "number", min: 0, step: 0.01, required: true, inputmode: "decimal" }))),
        h("div", { class: "pair" }, field("批号", h("input", { name: "batch", required: true, maxlength: 40 })), field("有效期到", h("input", { name: "expires_on", type: "date", required: true, min: later(today(), 1) })))],
    }, (form) => at("purchases", { quantity: Number(form.quantity.value), fen: fen(form.fen), batch: form.batch.value.trim(), expires_on: form.expires_on.value }, "已登记。")), "primary"),
    button("先问住户", () => ask({
      title: "付款前问住户", yes: "问", fields: [radios("问什么", "kind", wanted.substitution ? { price: "比最高价贵", substitute: "换一种" } : { price: "比最高价贵" }, "price"),
        field("一共多少元", h("input", { name: "fen", type: "number", min: 0.01, step: 0.01, required: true, inputmode: "decimal" })), wanted.substitution ? field("换成什么", h("input", { name: "name", maxlength: 60 }), "换药才填。") : null].filter(Boolean),
    }, (form) => at("questions", { kind: form.kind.value, fen: fen(form.fen), ...(form.kind.value === "substitute" ? { name: form.name.value.trim() } : {}) }, "已问住户，先买别的，十五分钟内会有答复。"))),
    button("没买到", () => ask({ title: "没有买到", yes: "登记", fields: [radios("为什么", "reason", MISSED, "out_of_stock")] }, (form) => at("misses", { reason: form.reason.value }, "已登记，会另外安排。"))),
  ];
}

function packages(desk, one) {
  if (!one.packages.length) return card("清单", h("p", { class: "muted" }, "还没有需求。"));
  return card(`药包：${one.packages.length} 个`, h("ul", { class: "stack" }, one.packages.map((bag) => h("li", { class: "stack near" },
    h("div", { class: "event" }, h("span", {}, h("b", { class: "number" }, `${bag.number} 号`), ` ${bag.category}`, bag.cold_seconds_left !== null ? h("small", { class: "block due" }, `冷藏药还有 ${Math.floor(bag.cold_seconds_left / 60)} 分钟`) : null), chip(bag.status_label, bag.status === "delivered" ? "good" : "notice")),
    h("div", { class: "choices" }, one.status === "open" && desk.may(PLAN) && button("去掉", () => desk.act(() => post(`/medicine-trips/${one.id}/removals`, { revision: one.revision, request_id: bag.request_id }), "已去掉。")),
      one.status === "handing_out" && !bag.unpacked && bag.status === "delivering" ? button("分装这一包（留痕）", () => unpack(desk, one, bag), "primary") : null,
      one.status === "handing_out" && bag.unpacked && bag.status === "delivering" && desk.may(PLAN) ? atTheDoor(desk, { id: bag.request_id }, bag.owed_fen) : null)))));
}

async function unpack(desk, one, bag) {
  const { goods } = await post(`/medicine-trips/${one.id}/packages/${bag.number}/unpack`);
  ask({ title: `${bag.number} 号药包里放`, yes: "放好了", fields: [h("ul", { class: "stack" }, goods.map((item) => h("li", {}, h("b", {}, item.name), h("small", { class: "muted block" }, `${[item.maker, item.specification].filter(Boolean).join("，")} × ${item.quantity}，批号 ${item.batch}`))))] },
    () => desk.act(async () => {}, `${bag.number} 号已分装。`));
}

function adding(desk, one, waiting) {
  if (!waiting.length) return null;
  return card("核对好、还没排的", h("ul", { class: "stack" }, waiting.map((request) => h("li", { class: "event" }, h("span", {}, `${stairwell(request.place_code)} ${request.room}`, h("small", { class: "muted block" }, request.category)),
    button("加上", () => desk.act(() => post(`/medicine-trips/${one.id}/requests`, { revision: one.revision, request_id: request.id }), "已加上。"))))));
}

const purse = (one) => (one.own_fen ? message("wait", one.own_fen < 0 ? `您垫了 ${yuan(-one.own_fen)}，今晚社区归还。` : `您手里有 ${yuan(one.own_fen)} 要交给社区。`) : null);

/** The evening: whoever holds money of this trip, handed in or given back until all are at zero. */
async function cash(desk, one) {
  const { items } = await get("/medicine-balances", { place: one.place_code });
  const held = items.filter((each) => each.trip_id === one.id);
  const book = (path, body, title, done) => ask({ title, yes: "登记", fields: [field("元", h("input", { name: "amount_fen", type: "number", step: 0.01, min: 0.01, required: true, value: body.fen ? body.fen / 100 : "" })), receipt()] },
    (form) => desk.act(() => post(`/medicine-trips/${one.id}/${path}`, { ...(body.user_id ? { user_id: body.user_id } : {}), amount_fen: fen(form.amount_fen), receipt: form.receipt.value }), done));
  return card("今晚的钱", held.length ? h("ul", { class: "stack" }, held.map((each) => h("li", { class: "event" }, h("span", {}, h("b", {}, each.name), h("small", { class: "muted block" }, each.fen < 0 ? `垫付 ${yuan(-each.fen)}` : `手里 ${yuan(each.fen)}`)),
    each.fen < 0 ? button("归还", () => book("reimbursements", { user_id: each.user_id, fen: -each.fen }, `归还${each.name}`, "已归还。"), "primary") : button("交回", () => book("remittances", { user_id: each.user_id, fen: each.fen }, `${each.name}交回`, "已收到。"), "primary"))))
    : h("p", { class: "muted" }, "每位志愿者手里都是零。"),
  ["accepted", "at_pharmacy"].includes(one.status) ? button("预付现金给志愿者", () => book("advances", {}, "预付现金", "已预付。")) : null);
}

const route = (one) => one.sealed_at && card(null, lines(line("封单", when(one.sealed_at)), line("出发", when(one.started_at)), line("对平", when(one.reconciled_at))));
