// The bar above with the title and the one below with the tabs.
import { asset, dark, site, themed } from "./site";

const part = (name: string) => document.getElementById(`wx-${name}`) as any;
const tabs = () => site.app.tabBar?.list ?? [];
let shown: any;

export function startBars(doings: Record<"back" | "home" | "share", () => unknown>, toTab: (url: string) => unknown) {
  for (const [name, doing] of Object.entries(doings)) part(name).onclick = doing;
  for (const { pagePath, text } of tabs()) {
    const tab = Object.assign(document.createElement("button"), { type: "button", role: "tab", onclick: () => toTab(`/${pagePath}`) });
    tab.append(Object.assign(document.createElement("img"), { alt: "" }), text);
    part("tabs").append(tab);
  }
  dark.addEventListener("change", () => setBars(shown));
}

export function setBars(next: { config: Record<string, any>; path: string; back: boolean; home: boolean; share: boolean }) {
  shown = next;
  const { config, path } = next;
  document.title = part("title").textContent = config.navigationBarTitleText ?? "";
  for (const name of ["back", "home", "share"] as const) part(name).hidden = !next[name];
  part("nav").style.backgroundColor = themed(config.navigationBarBackgroundColor) || "black";
  part("nav").style.color = themed(config.navigationBarTextStyle) || "white";
  part("phone").style.backgroundColor = themed(config.backgroundColor) || "white";
  const { color, selectedColor, backgroundColor } = site.app.tabBar ?? {};
  part("tabs").hidden = !tabs().some((tab: any) => tab.pagePath === path);
  part("tabs").style.backgroundColor = themed(backgroundColor);
  tabs().forEach(({ pagePath, iconPath, selectedIconPath }: any, index: number) => {
    const tab = part("tabs").children[index];
    const isHere = pagePath === path;
    tab.firstChild.src = asset(themed(isHere ? selectedIconPath : iconPath));
    tab.style.color = themed(isHere ? selectedColor : color);
    tab.ariaSelected = String(isHere);
    tab.ariaCurrent = isHere ? "page" : null;
  });
}
