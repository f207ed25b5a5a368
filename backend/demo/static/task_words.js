// The Chinese of tasks, and how minutes and weights are written.

import { stairwell } from "./group_words.js";

export const FAILURES = {
  not_home: "家里没人", refused: "住户不收", wrong_address: "地址不对", unsafe: "不安全", not_ready: "东西还没准备好",
};
export const OUTCOMES = { done: "送到了", ...FAILURES };
export const EXCUSES = { work: "要上班", family: "家里有事", tired: "太累了", transport: "去不了", other: "其他" };
export const ROLES = {
  building_head: "栋长", gate_duty: "门岗", supply_purchaser: "采买", care_support: "关爱", transporter: "运输",
  publicity_persuasion: "宣传", information_reporter: "信息", coordinator: "协调",
};
export const RUNGS = { same_building: "同一栋", same_role: "同岗位", building_head: "楼栋长", coordinator: "综合协调员" };

const TONES = {
  open: "notice", held: "wait", closed: "good", lapsed: "bad", cancelled: "plain", claimed: "notice", assigned: "wait",
  accepted: "notice", in_progress: "good", done: "wait", verified: "good", failed: "bad", no_show: "bad",
};
export const tone = (status) => TONES[status] ?? "plain";

export const minutes = (n) => (n < 60 ? `${n} 分钟` : `${Math.floor(n / 60)} 小时${n % 60 ? ` ${n % 60} 分钟` : ""}`);
export const weight = (grams) => (grams ? `${Math.round(grams / 100) / 10} 公斤` : "");

/** What it takes: 约 30 分钟 · 40 公斤 · 最高 6 楼 · 两人同去 */
export const effort = (task) => [`约 ${minutes(task.minutes)}`, weight(task.grams), task.floor && `最高 ${task.floor} 楼`, task.needs_pair && "两人同去"]
  .filter(Boolean).join(" · ");

export const door = (stop) => `${stairwell(stop.place_code)} ${stop.room}`;
