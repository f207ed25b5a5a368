/** What is taken for long and runs out, one line for each household: asked for again with one tap. */
import type { Shape } from "../../services/api";
import { yuan } from "../../utils/format";

export type Course = Shape<"MedicineCourse">;

export const howMuch = (course: Course): string => `${course.form_label} ${course.quantity} 盒，最多花 ¥${yuan(course.ceiling_fen)}`;
export const howLong = (course: Course): string => (course.days_left ? `还够 ${course.days_left} 天` : "已经吃完");

export function runningOut(courses: Course[]) {
  const due = courses.filter((course) => course.due);
  const households = [...new Set(due.map((course) => course.household_id))];
  return households.map((household) => {
    const theirs = due.filter((course) => course.household_id === household);
    return {
      ids: theirs.map((course) => course.id),
      where: `${theirs[0].room} 室`,
      says: theirs.map((course) => `${course.form_label}：${howLong(course)}`).join("；"),
      words: theirs.map(howMuch).join("；"),
    };
  });
}

export async function sameAgain(words: string): Promise<boolean> {
  const content = `${words}。药名、规格、数量和最高价跟上次一样；有人核对以后就去买。`;
  const { confirm } = await wx.showModal({ title: "和上次一样，再买一次？", content, confirmText: "再买一次", cancelText: "先不买" });
  return confirm;
}
