// Ordering in three taps: how many, whose home, done. The server decides everything else.

import { all, get, post } from "./api.js";
import { card, field, h, once } from "./dom.js";
import { CONSENTS, DELIVERIES, TERMS, stairwell, yuan } from "./group_words.js";
import { FLAGS } from "./words.js";

const FOR_OTHERS = "groupbuy:order:for_others";

export async function basket(desk, campaign) {
  if (!desk.may("groupbuy:order:place")) return null;
  const whose = await household(desk);
  if (!whose) return card("下单", h("p", {}, "还没有登记您是哪一户。请网格员登记一次，以后就能直接下单；也可以请楼栋长代您下单。"));
  const counts = campaign.items.map((item, n) => stepper(item, campaign.items.length === 1 || n === 0 ? 1 : 0, () => total()));
  const sum = h("b", { class: "number" });
  const total = () => {
    sum.textContent = yuan(counts.reduce((fen, count) => fen + count.quantity() * (count.item.price_fen - count.item.subsidy_fen), 0));
  };
  if (campaign.items.every((item) => !item.left)) return queue(desk, campaign, whose);
  const submit = h("button", { class: "primary big" }, "下单");
  const form = h("form", { class: "stack" }, ...counts.map((count) => count.element), whose.element,
    campaign.allows_door && radios("怎样领取", "delivery", DELIVERIES, "pickup"),
    terms(desk, campaign),
    h("p", { class: "event" }, h("span", {}, "一共"), h("span", { class: "price" }, sum)), submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(submit, () => order(desk, campaign, form, counts, whose));
  });
  total();
  return card("下单", form);
}

async function order(desk, campaign, form, counts, whose) {
  const lines = counts.filter((count) => count.quantity()).map((count) => ({ item_id: count.item.id, quantity: count.quantity() }));
  const placed = await post("/orders", {
    campaign_id: campaign.id, lines, delivery: form.elements.delivery?.value ?? "pickup", terms: form.elements.terms?.value ?? "prepaid", ...whose.value(),
  });
  desk.go(`#/orders/${placed.id}`);
}

/** Sold out: a place in the line. Whoever cancels makes room. */
function queue(desk, campaign, whose) {
  const counts = campaign.items.map((item) => stepper(item, 1, () => {}));
  const form = h("form", { class: "stack" }, h("p", {}, "已经订完。登记候补，有邻居取消就轮到您，到时请按时付款。"),
    ...counts.map((count) => count.element), whose.element, h("button", { class: "primary big" }, "登记候补"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(form.lastChild, () => desk.act(async () => {
      for (const count of counts.filter((each) => each.quantity())) {
        await post(`/campaigns/${campaign.id}/waiting`, { item_id: count.item.id, quantity: count.quantity(), ...whose.value() });
      }
    }, "已登记候补。"));
  });
  return card("候补", form);
}

/** Big − and +; the cap is printed beside them and kept by the server. */
function stepper(item, start, changed) {
  let quantity = start;
  const shown = h("output", { class: "number", "aria-live": "polite" });
  const set = (to) => {
    quantity = Math.max(0, Math.min(item.cap, to));
    shown.textContent = `${quantity} ${item.share_label}`;
    changed();
  };
  const step = (label, by, words) => h("button", { type: "button", "aria-label": `${words}${item.name}`, onclick: () => set(quantity + by) }, label);
  shown.textContent = `${quantity} ${item.share_label}`;
  return {
    item,
    quantity: () => quantity,
    element: h("div", { class: "stack near" }, h("p", {}, h("b", {}, item.name), h("span", { class: "muted" }, ` 每户最多 ${item.cap} ${item.share_label}`)),
      h("div", { class: "stepper" }, step("−", -1, "少要"), shown, step("+", 1, "多要"))),
  };
}

export function radios(legend, name, options, chosen) {
  return h("fieldset", { class: "choose" }, h("legend", {}, legend), h("div", { class: "choices" }, Object.entries(options).map(([value, label]) =>
    h("label", {}, h("input", { type: "radio", name, value, checked: value === chosen, required: true }), h("span", {}, label)))));
}

function terms(desk, campaign) {
  const offered = Object.entries(TERMS).filter(([name]) =>
    name === "prepaid" || (name === "on_delivery" && campaign.allows_on_delivery) || (name === "sponsored" && desk.may("groupbuy:order:sponsor")));
  return offered.length > 1 && radios("怎样付款", "terms", Object.fromEntries(offered), "prepaid");
}

/** Whose home it is for: one's own, or, for those who order for others, any door in their care and how it agreed. */
async function household(desk) {
  if (desk.may(FOR_OTHERS)) return behalf(desk);
  const homes = desk.me.homes;
  if (!homes.length) return null;
  if (homes.length === 1) return { element: h("p", {}, "为自己家：", h("b", {}, door(homes[0]))), value: () => ({}) };
  const select = h("select", { name: "household_id" }, homes.map((home) => h("option", { value: home.id }, door(home))));
  return { element: field("为哪一户", select), value: () => ({ household_id: select.value }) };
}

const door = (home) => `${stairwell(home.place_code)} ${home.room}`;

async function behalf(desk) {
  const own = desk.me.homes;
  const select = h("select", { name: "household_id", required: true });
  const consent = radios("对方怎样同意的", "consent", CONSENTS);
  const show = async (place) => {
    const homes = await all("/households", { place });
    const first = homes.toSorted((a, b) => b.no_smartphone - a.no_smartphone || a.place_code.localeCompare(b.place_code) || a.floor - b.floor);
    select.replaceChildren(h("option", { value: "" }, "请选择门牌"), ...own.map((home) => h("option", { value: home.id }, `自己家 ${door(home)}`)),
      ...first.map((home) => h("option", { value: home.id }, named(home))));
  };
  const where = await building(desk, show);
  return {
    element: h("div", { class: "stack" }, where, field("为哪一户下单", select, "没有智能手机的住户排在前面。"), consent),
    value: () => ({ household_id: select.value, consent: consent.querySelector(":checked")?.value ?? null }),
  };
}

function named(home) {
  const marks = Object.entries(FLAGS).filter(([flag]) => home[flag]).map(([, label]) => label);
  return [door(home), home.members[0]?.name, marks.length ? `（${marks.join("、")}）` : ""].filter(Boolean).join(" ");
}

/** A building head has one building; whoever has more of them chooses. */
async function building(desk, show) {
  const place = desk.me.posts.map((held) => held.place_code).find((code) => code.length >= 12);
  if (place.length >= 20) {
    await show(place);
    return null;
  }
  const choose = h("select", { onchange: () => show(choose.value) });
  const list = async (compound) => {
    const { items } = await get(`/places/${compound}/children`);
    choose.replaceChildren(...items.map((one) => h("option", { value: one.code }, one.name)));
    await show(choose.value);
  };
  if (place.length === 16) {
    await list(place);
    return field("楼栋", choose);
  }
  const { items } = await get(`/places/${place}/children`);
  const compound = h("select", { onchange: () => list(compound.value) }, items.map((one) => h("option", { value: one.code }, one.name)));
  await list(items[0].code);
  return h("div", { class: "pair" }, field("小区", compound), field("楼栋", choose));
}
