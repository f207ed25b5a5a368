// The households around a person, masked: what a building head sees. Others see where they live.

import { get } from "./api.js";
import { card, chip, h } from "./dom.js";
import { FLAGS, tone } from "./words.js";

export const title = "住户";
export const forWhom = (desk) => desk.may("places:household:read");
export const first = (desk) => (desk.may("certification:application:read") ? -1 : 1);

export async function page(desk) {
  const found = await Promise.all(desk.me.posts.map((post) => around(desk, post)));
  return found.flat();
}

async function around(desk, post) {
  const home = await get(`/public/places/${post.place_code.slice(0, 16)}`);
  const seen = card(home.name, home.status && h("p", {}, chip(home.status_label, tone(home.status))),
    h("a", { class: "button primary", href: `/p/${home.code}` }, "是不是无疫情小区，看公开页面"));
  if (!desk.may("places:household:read")) return [h("h1", {}, `${desk.me.name}，您好`), seen];
  const { items, next } = await get("/households", { place: post.place_code, limit: 100 });
  return [
    h("h1", {}, `${post.place_name}的住户`),
    seen,
    h("p", { class: "muted" }, `${next ? "先列出" : "共"} ${items.length} 户。姓名和电话已隐去，确有需要时查看会留痕。`),
    h("ul", { class: "rows" }, items.map((one) => h("li", { class: "row" },
      h("span", {}, h("b", { class: "number" }, `${unit(one)}${one.room}`), ` ${one.member_count} 人`,
        h("small", { class: "muted block" }, one.members.map((member) => [member.name, member.phone].filter(Boolean).join(" ")).join("，"))),
      h("span", { class: "chips" }, Object.entries(FLAGS).filter(([flag]) => one[flag]).map(([, label]) => chip(label, "notice")))))),
  ];
}

/** 420112004007-001-012-003 → 12栋3单元 */
function unit(household) {
  const [, , building, stair] = household.place_code.split("-").map(Number);
  return `${building}栋${stair}单元 `;
}
