/** Who I am to the server: posts, permissions, homes. Asked once, kept in memory, asked anew when a page wants it fresh. */
import { get, type Shape } from "./api";

export type Me = Shape<"Me">;
let known: Promise<Me> | null = null;

export function me(fresh = false): Promise<Me> {
  if (fresh || !known) {
    known = get("/me");
    known.catch(() => {
      known = null;
    });
  }
  return known;
}

/** May I do this somewhere? What may be done with one thing is in its `allowed_actions`; this only decides which doors
 * to show. */
export async function may(permission: string): Promise<boolean> {
  return (await me()).permissions.includes(permission);
}
