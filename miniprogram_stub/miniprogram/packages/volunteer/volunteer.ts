/** Me as a member of the team; null for whoever is not in one. */
import { get, Problem, type Shape } from "../../services/api";

export type Volunteer = Shape<"Volunteer">;

export async function myself(): Promise<Volunteer | null> {
  try {
    return await get("/me/volunteer");
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}

export const fitness = (member: Volunteer): "yes" | "no" | "" => (member.fit_today === true ? "yes" : member.fit_today === false ? "no" : "");
