// The Chinese of medicine.

import { yuan } from "./group_words.js";

export const FORMS = {
  tablet: "片剂", capsule: "胶囊", granule: "颗粒", liquid: "口服液", drops: "滴剂", external: "外用", inhaler: "吸入剂", injection: "注射剂",
  device: "器械耗材", other: "其他",
};
export const REFUSALS = { too_dear: "太贵", no_longer_needed: "不需要了", wrong: "药不对", damaged: "包装破损", not_home: "家里没人", other: "其他原因" };
export const MISSED = { out_of_stock: "缺货", too_dear: "超出最高价", not_sold: "药店不肯卖" };
export const CHECKS = { code: "收药码", phone: "手机尾号后四位", in_person: "楼栋长或社区当面确认" };

/** How a line may be bought: 最高 ¥68.00，可以换药，还够 4 天 */
export const ways = (one) => [`最高 ${yuan(one.ceiling_fen)}`, one.substitution ? "可以换药" : "不换药", one.cold && "要冷藏", one.prescription && "凭处方",
  one.days_left !== null && one.days_left !== undefined && `家里还够 ${one.days_left} 天`].filter(Boolean).join("，");
