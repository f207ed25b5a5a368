// What the build says of the mini-program, and who is looking at it.
export let site: any; // { app, theme, pages, templates, units, load }: see program() in build.mjs
export const begin = (given: any) => (site = given);
export const isTab = (path: string) => site.app.tabBar.list.some((tab: any) => tab.pagePath === path);

export const dark = matchMedia("(prefers-color-scheme: dark)");
/** A value of app.json or of a page's JSON, where `@name` is looked up in theme.json. */
export const themed = (value = ""): string =>
  value[0] === "@" ? site.theme[dark.matches ? "dark" : "light"][value.slice(1)] : value;

/** `?name=value` of the address, kept for this tab so that it outlives navigation; an empty value takes it back. */
function kept(name: string): string {
  const value = new URLSearchParams(location.search).get(name);
  if (value !== null) sessionStorage.setItem(name, value);
  return sessionStorage.getItem(name) ?? "";
}

const visitor = localStorage.getItem("visitor") ?? Math.random().toString(36).slice(2, 12);
localStorage.setItem("visitor", visitor);
export const person = kept("as") || `visitor-${visitor}`;
export const fontScale = Number(kept("font")) || 1;
/** How a wx function fails: `why` comes to stand in its errMsg. */
export const refuse = (why: string): never => { throw new Error(why); };
