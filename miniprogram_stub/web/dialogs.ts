// The phone's own windows, as accessible dialogs: one that asks, one line that passes, and the privacy agreement.
import { person } from "./site";

/** `sheet`: it rises from below with its choices as a list. */
type Question = { title: string; text?: string; choices: string[]; chosen?: number; sheet?: boolean; field?: Record<string, string>; pictures?: string[] };

/** Resolves with null when it is closed without an answer. */
export function ask({ title, text, choices, chosen, sheet, field, pictures = [] }: Question): Promise<{ choice: number; value: string } | null> {
  const dialog = Object.assign(document.createElement("dialog"), { className: sheet ? "wx-dialog wx-sheet" : "wx-dialog", ariaLabel: title || text });
  const add = (tag: string, about: object, parent: Element = dialog): any => parent.appendChild(Object.assign(document.createElement(tag), about));
  if (title) add("h2", { textContent: title });
  if (text) add("p", { textContent: text });
  for (const src of pictures) add("img", { src, alt: "" });
  const input = field && add("input", { type: "text", ariaLabel: field.placeholder || title, ...field });
  const buttons = add("div", { className: "wx-choices" });
  return new Promise((resolve) => {
    const answer = (choice?: number) => { resolve(choice === undefined ? null : { choice, value: input?.value ?? "" }); dialog.remove(); };
    choices.forEach((textContent, index) => {
      add("button", { type: "button", textContent, ariaCurrent: index === chosen ? "true" : null, onclick: () => answer(index) }, buttons);
    });
    dialog.addEventListener("cancel", () => answer());
    dialog.addEventListener("click", (event) => sheet && event.target === dialog && answer());
    document.body.append(dialog);
    dialog.showModal();
    buttons.querySelector("[aria-current]")?.focus();
  });
}

const line = () => document.getElementById("wx-toast") as HTMLElement;
let timer = 0;

/** `forMs` 0: until it is taken away. */
export function toast(text: string, { forMs = 1500, busy = false, mask = false } = {}) {
  endToast();
  line().textContent = text;
  line().className = `${busy ? "wx-busy" : ""} ${mask ? "wx-mask" : ""}`;
  line().showPopover();
  if (forMs) timer = window.setTimeout(endToast, forMs);
}

export function endToast() {
  clearTimeout(timer);
  line().hidePopover();
  line().textContent = "";
}

let listener: ((resolve: (answer: { event: string }) => void, about: object) => void) | null = null;
export const agreedToPrivacy = () => localStorage.getItem(`privacy:${person}`) === "yes";
export const agreeToPrivacy = () => localStorage.setItem(`privacy:${person}`, "yes");
export const listenForPrivacy = (given: typeof listener) => void (listener = given);

/** Before the first protected call: the app's own window for it, else the host's. */
export async function needPrivacy(referrer: string): Promise<void> {
  if (agreedToPrivacy()) return;
  const asked = new Promise<boolean>((resolve) => listener?.(({ event }) => event !== "exposureAuthorization" && resolve(event === "agree"), { referrer }));
  const agreed = listener ? await asked : (await ask({ title: "用户隐私保护提示", text: "继续前请阅读并同意隐私保护指引。", choices: ["拒绝", "同意"] }))?.choice === 1;
  if (!agreed) throw Object.assign(new Error("privacy permission is not authorized"), { errno: 104 });
  agreeToPrivacy();
}
