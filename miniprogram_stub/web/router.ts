// The page stack, kept in step with the browser's history: every page has an entry whose state tells its `index`. Only the page
// on top is in the document; the others live on outside it, as they do on a phone.
import { ask, drawBars, make, toast } from "./phone";
import { isTab, refuse, site } from "./site";

type Target = { path: string; query: Record<string, string>; search: string };
type Screen = Target & { index: number; element: HTMLElement; page: any; root: any; bar: any; scrolled: number };

const stack: Screen[] = [];
const tabs = new Map<string, Screen>();
let create: (url: string, element: HTMLElement) => any;

export const top = () => stack[stack.length - 1];
export const pages = () => stack.map(({ page }) => page);

/** The query is as WeChat hands it to a page: not decoded. */
function parse(url: string): Target {
  const [path, search = ""] = url.split("?");
  const query = Object.fromEntries([...search.matchAll(/([^&=]+)=([^&]*)/g)].map(([, name, value]) => [name, value]));
  return { path: new URL(path, `http://x/${top()?.path ?? ""}`).pathname.slice(1), query, search: search && `?${search}` };
}

/** What the address names, else the first page. */
export function typed(): Target {
  const asked = parse(location.hash.replace(/^#?\/?/, "/"));
  if (site.pages.includes(asked.path)) return asked;
  if (asked.path) toast("没有这个页面");
  return parse(`/${site.pages[0]}`);
}

function opened({ path, query, search }: Target): Screen {
  const element = make("div", { className: "wx-screen", tabIndex: 0 });
  element.dataset.page = path; // what the page's own styles are scoped to
  const bar = { ...site.app.window, ...site.units.find((unit: any) => unit.path === path).config };
  const root = create(path, element);
  const page = Object.assign(root.get(), { route: path, options: query });
  const screen = { path, query, search, index: 0, element, page, root, bar, scrolled: 0 };
  if (isTab(path)) tabs.set(path, screen);
  listen(screen);
  return screen;
}

/** A page and the components on it hear that it comes into sight or leaves it. */
export function tell({ page, root }: Screen, what: "show" | "hide") {
  page[what === "show" ? "onShow" : "onHide"]?.();
  root.getComponent().triggerPageLifetime(what, []);
}

function show(screen: Screen) {
  document.getElementById("wx-stack")?.replaceChildren(screen.element);
  redraw();
  screen.element.scrollTop = screen.scrolled; // it was out of the document, where nothing scrolls
  tell(screen, "show");
}

function hide(screen: Screen) {
  screen.scrolled = screen.element.scrollTop;
  tell(screen, "hide");
}

function close(screen: Screen) {
  screen.page.onUnload?.();
  screen.element.remove();
  screen.root.release();
  tabs.delete(screen.path);
}

/** Takes pages off the stack down to `length`; where `keepTabs`, a tab page that leaves it lives on, hidden. */
function drop(length: number, keepTabs = false) {
  while (stack.length > length) {
    const screen = stack.pop() as Screen;
    if (!keepTabs || !isTab(screen.path)) close(screen);
    else if (screen.element.isConnected) hide(screen);
  }
}

/** Puts a page on the stack: a tab page that lives already, else a new one. */
function place(target: Target, index: number, how: "pushState" | "replaceState" = "replaceState") {
  const kept = tabs.get(target.path);
  const screen = Object.assign(kept ?? opened(target), { index });
  stack.push(screen);
  history[how]({ index }, "", `#/${target.path}${target.search}`);
  if (!kept) screen.page.onLoad?.(target.query);
  show(screen);
}

let arrived: (() => void) | null = null; // while the browser is on its way back for navigateBack

/** wx.navigateTo and its like. */
export async function go(how: string, { url = "", delta = 1 } = {}) {
  const { index, path } = top();
  if (how === "navigateBack") {
    if (stack.length < 2 || arrived) refuse("cannot navigate back at first page.");
    history.go(stack[Math.max(0, stack.length - 1 - delta)].index - index);
    return new Promise<void>((resolve) => (arrived = resolve));
  }
  const target = parse(url);
  if (!site.pages.includes(target.path)) refuse(`page "${target.path}" is not found`);
  if (how === "switchTab" && !isTab(target.path)) refuse("can not switch to no-tabBar page");
  if (/To$/.test(how) && isTab(target.path)) refuse(`can not ${how} a tabbar page`);
  if (how === "switchTab" && path === target.path) return;
  if (how === "navigateTo") {
    hide(top());
    return place(target, index + 1, "pushState");
  }
  drop(how === "redirectTo" ? stack.length - 1 : 0, how === "switchTab");
  if (how === "reLaunch") [...tabs.values()].forEach(close);
  place(target, index);
}

/** The browser went back or forward, or somebody typed an address. */
function onMoved() {
  arrived?.();
  arrived = null;
  const index: number = history.state?.index ?? top().index + 1;
  const length = stack.findIndex((screen) => screen.index === index) + 1;
  if (length) {
    drop(length);
    return show(top());
  }
  const target = typed();
  if (index > top().index && !isTab(target.path)) hide(top());
  else drop(0, isTab(target.path));
  place(target, index);
}

function listen({ element, page, bar }: Screen) {
  let wasNear = false;
  element.onscroll = () => {
    const isNear = element.scrollHeight - element.scrollTop - element.clientHeight <= (bar.onReachBottomDistance ?? 50);
    if (isNear && !wasNear) page.onReachBottom?.();
    wasNear = isNear;
  };
  if (!bar.enablePullDownRefresh) return;
  // Pulled with a finger from the very top, as far as a thumb's width, and let go.
  let from = Infinity;
  element.addEventListener("touchstart", ({ touches }) => (from = element.scrollTop > 0 ? Infinity : touches[0].clientY));
  element.addEventListener("touchmove", (event) => event.touches[0].clientY > from + 10 && event.cancelable && event.preventDefault());
  element.addEventListener("touchend", ({ changedTouches }) => changedTouches[0].clientY > from + 60 && startPullDownRefresh());
}

const pulled = () => top().element.querySelector(":scope > .wx-pulled");
export const stopPullDownRefresh = () => pulled()?.remove();
export function startPullDownRefresh() {
  if (pulled()) return;
  top().element.prepend(make("div", { className: "wx-pulled", role: "status" }, "正在刷新…"));
  top().page.onPullDownRefresh?.();
}

/** The card that onShareAppMessage makes; in a browser, its words and an address to copy. */
async function share() {
  const { page, bar, path, search } = top();
  const card = { title: bar.navigationBarTitleText, path: `/${path}${search}`, ...page.onShareAppMessage?.({ from: "menu" }) };
  const link = `${location.origin}${location.pathname}#${card.path}`;
  if (!(await ask({ title: card.title, text: link, sheet: true, choices: ["复制链接"] }))) return;
  await navigator.clipboard.writeText(link);
  toast("已复制");
}

/** `changed`: what the page has said of its own bar. */
export function redraw(changed: object = {}) {
  const { bar, path, page } = top();
  Object.assign(bar, changed);
  const doings: [string, string, () => unknown][] = [];
  if (stack.length > 1) doings.push(["返回", "‹", () => go("navigateBack")]);
  else if (!isTab(path)) doings.push(["回首页", "⌂", () => go("reLaunch", { url: `/${site.pages[0]}` })]);
  if (page.onShareAppMessage && !bar.shareHidden) doings.push(["分享", "⋯", share]);
  drawBars(bar, path, doings, (url) => go("switchTab", { url }));
}

export function startRouter(made: typeof create) {
  create = made;
  addEventListener("popstate", onMoved);
  place(typed(), history.state?.index ?? 0);
}
