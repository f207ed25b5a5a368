/** Of a table of words the code that was chosen; null when they closed it. */
import { choose as pick } from "../../utils/choose";

export { sure } from "../../utils/choose";

export async function choose<T extends object>(words: T, alertText: string): Promise<(keyof T & string) | null> {
  const from = Object.entries(words).map(([code, label]) => ({ code: code as keyof T & string, label: label as string }));
  return (await pick(alertText, from))?.code ?? null;
}
