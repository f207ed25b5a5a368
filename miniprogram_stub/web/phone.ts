// What of the phone is not the page: the bars above and below it, the windows that ask, one line that passes.
import { dark, isTab, site, themed } from "./site";

const part = (name: string) => document.getElementById(`wx-${name}`) as HTMLElement;
export function make(tag: string, about: object, ...children: (Node | string)[]): any {
  const element = Object.assign(document.createElement(tag), about);
  element.append(...children);
  return element;
}
const button = (about: object, ...children: (Node | string)[]) => make("button", { type: "button", ...about }, ...children);

/** `bar`: the page's window, as app.json and the page's own JSON have it; `doings`: its buttons' names, marks and work. */
export function drawBars(bar: any, path: string, doings: [string, string, () => unknown][], toTab: (url: string) => void) {
  dark.onchange = () => drawBars(bar, path, doings, toTab);
  document.title = bar.navigationBarTitleText;
  const buttons = doings.map(([ariaLabel, mark, onclick]) => button({ ariaLabel, onclick }, mark));
  part("nav").replaceChildren(make("h1", { id: "wx-title" }, bar.navigationBarTitleText), ...buttons);
  part("phone").style.backgroundColor = themed(bar.backgroundColor);
  const nav = { backgroundColor: themed(bar.navigationBarBackgroundColor), color: themed(bar.navigationBarTextStyle) };
  Object.assign(part("nav").style, nav);
  const { list, color, selectedColor, backgroundColor } = site.app.tabBar;
  part("tabs").style.backgroundColor = themed(backgroundColor);
  part("tabs").hidden = !isTab(path);
  const tabs = list.map(({ pagePath, text, iconPath, selectedIconPath }: any) => {
    const isHere = pagePath === path;
    const icon = make("img", { alt: "", src: themed(isHere ? selectedIconPath : iconPath) });
    const about = { role: "tab", ariaSelected: String(isHere), ariaCurrent: isHere ? "page" : null };
    const tab = button({ ...about, onclick: () => toTab(`/${pagePath}`) }, icon, text);
    tab.style.color = themed(isHere ? selectedColor : color);
    return tab;
  });
  part("tabs").replaceChildren(...tabs);
}

type Question = { title?: string; text?: string; choices: string[]; chosen?: number; sheet?: boolean; field?: object; pictures?: string[] };

/** `sheet`: it rises from below with its choices as a list. Resolves with null when it is closed without an answer. */
export function ask({ title = "", text = "", choices, chosen, sheet, field, pictures = [] }: Question) {
  return new Promise<{ choice: number; value: string } | null>((resolve) => {
    const answer = (choice?: number) => {
      resolve(choice === undefined ? null : { choice, value: input.value });
      dialog.remove();
    };
    const input = make("input", { hidden: !field, ariaLabel: title, ...field });
    const buttons = choices.map((words, index) =>
      button({ onclick: () => answer(index), ariaCurrent: index === chosen ? "true" : null, autofocus: index === chosen }, words),
    );
    const words = [make("h2", { hidden: !title }, title), make("p", { hidden: !text }, text)];
    const shown = [...words, ...pictures.map((src) => make("img", { src, alt: "" })), input, make("div", {}, ...buttons)];
    const dialog = make("dialog", { className: sheet ? "wx-sheet" : "wx-modal", ariaLabel: title || text }, ...shown);
    dialog.addEventListener("cancel", () => answer());
    dialog.addEventListener("click", ({ target }: Event) => sheet && target === dialog && answer());
    document.body.append(dialog);
    dialog.showModal();
  });
}

let timer = 0;
export function toast(text: string, forMs = 1500) {
  part("toast").textContent = text;
  part("toast").showPopover();
  clearTimeout(timer);
  timer = window.setTimeout(() => part("toast").hidePopover(), forMs);
}
