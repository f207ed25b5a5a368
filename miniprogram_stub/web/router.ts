// The page stack, kept in step with the browser's history: every page has an entry whose state tells its place. Only the page
// on top is in the document; the others live on outside it, as they do on a phone.
import { setBars, startBars } from "./bars";
import { ask, toast } from "./dialogs";
import { site } from "./site";

type Target = { path: string; query: string };
/** `index`: its place in the browser's history. */
type Screen = Target & { index: number; page: any; root: any; element: HTMLElement; config: any; scrolled: any[]; isReady?: boolean; shareHidden?: boolean };

const stack: Screen[] = [];
const tabs = new Map<string, Screen>();
let create: (url: string, element: HTMLElement) => any;
let app: any;

export const top = () => stack[stack.length - 1];
export const pages = () => stack.map(({ page }) => page);
const isTab = (path: string) => Boolean(site.app.tabBar?.list.some((tab: any) => tab.pagePath === path));
export const refuse = (why: string): never => { throw new Error(why); };

/** A fault in a page's own code is told on the console and does not stop the host. */
export function call(target: any, name: string, ...args: unknown[]): any {
  try {
    return target?.[name]?.(...args);
  } catch (error) { console.error(error); }
}

function parse(url: string): Target {
  const [path, query = ""] = url.split("?");
  return { path: new URL(path, `http://x/${top()?.path ?? ""}`).pathname.slice(1), query };
}
export const typed = () => parse(`/${location.hash.replace(/^#\/?/, "")}`);

/** As WeChat hands it to a page: not decoded. */
export const queryOf = (query: string): Record<string, string> =>
  Object.fromEntries(query.split("&").filter(Boolean).map((pair) => [pair.split("=")[0], pair.split("=").slice(1).join("=")]));

function open({ path, query }: Target, index: number): Screen {
  const element = Object.assign(document.createElement("div"), { className: "wx-screen", tabIndex: 0 });
  element.dataset.page = path; // what the page's own styles are scoped to
  const config = { ...site.app.window, ...site.units.find((unit: any) => unit.path === path).config };
  const root = create(query ? `${path}?${query}` : path, element);
  const screen: Screen = { index, path, query, root, page: root.get(), element, config, scrolled: [] };
  Object.assign(screen.page, { route: path, options: queryOf(query) });
  stack.push(screen);
  if (isTab(path)) tabs.set(path, screen);
  listen(screen);
  call(screen.page, "onLoad", screen.page.options);
  return screen;
}

function show(screen: Screen) {
  document.getElementById("wx-stack")?.replaceChildren(screen.element);
  redraw();
  for (const [element, left, up] of screen.scrolled) element.scrollTo(left, up);
  call(screen.page, "onShow");
  screen.root.getComponent().triggerPageLifetime("show", []);
  if (!screen.isReady) queueMicrotask(() => call(screen.page, "onReady"));
  screen.isReady = true;
}

function hide(screen: Screen) {
  const scrollers = [screen.element, ...screen.element.querySelectorAll("scroll-view")];
  screen.scrolled = scrollers.map((element) => [element, element.scrollLeft, element.scrollTop]);
  call(screen.page, "onHide");
  screen.root.getComponent().triggerPageLifetime("hide", []);
}

function close(screen: Screen) {
  call(screen.page, "onUnload");
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
function place(target: Target, index: number, how: "pushState" | "replaceState") {
  const kept = tabs.get(target.path);
  if (kept) stack.push(Object.assign(kept, { index }));
  const screen = kept ?? open(target, index);
  history[how]({ index }, "", `#/${target.path}${target.query && `?${target.query}`}`);
  show(screen);
}

let arrived: ((moved: unknown) => void) | null = null;
/** Moves the browser's history without the pages hearing of it, and waits until it has moved. */
async function moveTo(index: number) {
  if (index === history.state.index) return;
  history.go(index - history.state.index);
  await new Promise((resolve) => (arrived = resolve));
  arrived = null;
}

const moves: Record<string, (target: Target, delta: number) => unknown> = {
  navigateTo(target) {
    if (isTab(target.path)) refuse("can not navigateTo a tabbar page");
    if (stack.length >= 10) refuse("webview count limit exceed");
    hide(top());
    place(target, top().index + 1, "pushState");
  },
  redirectTo(target) {
    if (isTab(target.path)) refuse("can not redirectTo a tabbar page");
    const { index } = top();
    drop(stack.length - 1);
    place(target, index, "replaceState");
  },
  async reLaunch(target) {
    const { index } = stack[0];
    await moveTo(index);
    drop(0);
    [...tabs.values()].forEach(close);
    place(target, index, "replaceState");
  },
  async switchTab(target) {
    if (!isTab(target.path)) refuse("can not switch to no-tabBar page");
    const { index, path } = stack[0];
    await moveTo(index);
    if (stack.length === 1 && path === target.path) return;
    drop(0, true);
    place(target, index, "replaceState");
  },
  async navigateBack(_, delta) {
    if (stack.length < 2) refuse("cannot navigate back at first page.");
    const length = Math.max(1, stack.length - delta);
    await moveTo(stack[length - 1].index);
    drop(length);
    show(top());
  },
};

let turn: Promise<unknown> = Promise.resolve();
/** One navigation after the other: history moves take a moment. */
function inTurn(work: () => unknown): Promise<unknown> {
  const done = turn.then(work);
  turn = done.catch(() => undefined);
  return done;
}

export const go = (how: string, { url, delta = 1 }: { url?: string; delta?: number }) =>
  inTurn(() => {
    const target = parse(url ?? "");
    if (how !== "navigateBack" && !site.pages.includes(target.path)) refuse(`page "${target.path}" is not found`);
    return moves[how](target, delta);
  });

/** The person went back or forward, or typed an address. */
function onMoved() {
  if (arrived) return arrived(true);
  return inTurn(() => {
    const index: number = history.state?.index ?? top().index + 1;
    const at = stack.findIndex((screen) => screen.index === index);
    if (at >= 0 && at === stack.length - 1) return;
    if (at >= 0) drop(at + 1);
    if (at >= 0) return show(stack[at]);
    const target = typed();
    if (!site.pages.includes(target.path)) return notFound(target.path);
    if (index > top().index && !isTab(target.path)) hide(top());
    else drop(0, isTab(target.path));
    place(target, index, "replaceState");
  });
}

const notFound = (path: string) => (app.onPageNotFound ? call(app, "onPageNotFound", { path, query: {} }) : ask({ title: "没有这个页面", choices: ["知道了"] }));

function listen({ element, page, config }: Screen) {
  let wasNear = false;
  element.addEventListener("scroll", () => {
    const isNear = element.scrollHeight - element.scrollTop - element.clientHeight <= (config.onReachBottomDistance ?? 50);
    if (isNear && !wasNear) call(page, "onReachBottom");
    wasNear = isNear;
  });
  if (!config.enablePullDownRefresh) return;
  // Pulled with a finger from the very top, as far as a thumb's width, and let go.
  let from = Infinity;
  element.addEventListener("touchstart", ({ touches }) => (from = element.scrollTop > 0 ? Infinity : touches[0].clientY), { passive: true });
  element.addEventListener("touchmove", (event) => event.cancelable && event.touches[0].clientY > from + 10 && event.preventDefault(), { passive: false });
  element.addEventListener("touchend", ({ changedTouches }) => changedTouches[0].clientY > from + 60 && startPullDownRefresh());
}

const pulled = () => top().element.querySelector(":scope > .wx-pulled");
export const stopPullDownRefresh = () => pulled()?.remove();
export function startPullDownRefresh() {
  if (pulled()) return;
  top().element.prepend(Object.assign(document.createElement("div"), { className: "wx-pulled", role: "status", textContent: "正在刷新…" }));
  call(top().page, "onPullDownRefresh");
}

/** The card that onShareAppMessage makes; in a browser, its words and an address to copy. */
export async function share(from: { from: string; target?: object }) {
  const { page, config, path, query } = top();
  const made = call(page, "onShareAppMessage", from) ?? {};
  const card = { title: config.navigationBarTitleText, path: `${path}${query && `?${query}`}`, ...made, ...(await made.promise) };
  const target = `/${card.path.replace(/^\//, "")}`;
  const link = `${location.origin}${location.pathname}#${target}`;
  if (!(await ask({ title: card.title, text: target, pictures: card.imageUrl ? [card.imageUrl] : [], sheet: true, choices: ["复制链接"] }))) return;
  await navigator.clipboard.writeText(link).then(() => toast("已复制"), () => ask({ title: "请复制这个链接", choices: ["好"], field: { value: link } }));
}

export function redraw(changed: object = {}) {
  const { config, path, page, shareHidden } = Object.assign(top(), changed);
  const isAlone = stack.length === 1;
  setBars({ config, path, back: !isAlone, home: isAlone && !isTab(path) && path !== site.pages[0], share: page.onShareAppMessage && !shareHidden });
}

export function startRouter(made: typeof create, theApp: any) {
  create = made;
  app = theApp;
  const [first] = site.pages;
  const home = () => go(isTab(first) ? "switchTab" : "reLaunch", { url: `/${first}` });
  startBars({ back: () => go("navigateBack", {}), home, share: () => share({ from: "menu" }) }, (url) => go("switchTab", { url }));
  addEventListener("popstate", onMoved);
  const asked = typed();
  const isKnown = site.pages.includes(asked.path);
  place(isKnown ? asked : { path: first, query: "" }, history.state?.index ?? 0, "replaceState");
  if (asked.path && !isKnown) notFound(asked.path);
}
