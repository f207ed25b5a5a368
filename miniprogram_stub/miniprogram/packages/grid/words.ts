/** The Chinese for what the API gives as codes only, as the grid worker says it. */
import type { Shape } from "../../services/api";

type Measure = Exclude<keyof Shape<"Entry">, "place_code" | "day">;

/** What a person enters on a daily sheet, by the item it counts for, in the order of the day's round. `big`: a number to
 * type; the others are counted with a thumb. */
export const CONTROLS: { title: string; measures: { name: Measure; label: string; unit: string; big?: boolean }[] }[] = [
  {
    title: "封闭管理",
    measures: [
      { name: "entrances", label: "出入口", unit: "个" },
      { name: "open_gates", label: "开放的出入口", unit: "个" },
      { name: "gate_inspections", label: "门岗检查", unit: "次" },
    ],
  },
  { title: "排查摸底", measures: [{ name: "households_reached", label: "排查到的户数", unit: "户", big: true }] },
  {
    title: "消杀",
    measures: [
      { name: "disinfection_rounds", label: "公共部位消杀", unit: "次" },
      { name: "disinfected_area", label: "消杀面积", unit: "平方米", big: true },
    ],
  },
  {
    title: "生活保障",
    measures: [
      { name: "supply_requests", label: "生活需求", unit: "件", big: true },
      { name: "supply_met", label: "其中已满足", unit: "件", big: true },
    ],
  },
  {
    title: "维护稳定",
    measures: [
      { name: "disputes_open", label: "未化解的矛盾", unit: "件" },
      { name: "disputes_handled", label: "已化解的矛盾", unit: "件" },
    ],
  },
  { title: "宣传发动", measures: [{ name: "publicity_actions", label: "宣传", unit: "次" }] },
];

export const MEASURES = CONTROLS.flatMap(({ measures }) => measures);

/** The page that mends a red criterion: by its id, else by its item. */
export const MENDED_ON: Record<string, "daily" | "coverage" | "households" | "cases"> = {
  zero_occurrence: "cases",
  screening_register: "households",
  mobilisation: "coverage",
};

export const RECORDS: Record<string, string> = { daily_record: "日报", missing_day: "没有日报", case_event: "病例登记", sub_unit: "楼栋单元" };

export const CATEGORIES: Record<string, string> = { confirmed: "确诊", suspected: "疑似", fever: "发热", close_contact: "密切接触者", asymptomatic: "无症状感染者" };

export const OUTCOMES: Record<string, string> = { released: "解除观察", excluded: "排除", confirmed: "转为确诊" };

/** Of a certification's status. */
export const TONES: Record<string, string> = { certified: "good", public_notice: "brand", notice_frozen: "warn", returned: "bad", suspended: "bad", revoked: "bad", rejected: "bad" };

export const PURPOSES = [
  { name: "care_visit", label: "上门关怀" },
  { name: "deliver", label: "送货上门" },
  { name: "verify", label: "核实情况" },
  { name: "emergency", label: "紧急情况" },
] as const;

export const CHANNELS = [
  { name: "phone", label: "打电话说的" },
  { name: "in_person", label: "当面说的" },
  { name: "paper", label: "写在纸上的" },
] as const;
