// What the build says of the mini-program, and who is looking at it.
export let site: any; // { app, theme, pages, assets, templates, units, load }: see program() in build.mjs
export const begin = (given: any) => (site = given);

export const dark = matchMedia("(prefers-color-scheme: dark)");
export const theme = () => (dark.matches && site.app.darkmode ? "dark" : "light");
/** A value of app.json or of a page's JSON, where `@name` is looked up in theme.json. */
export const themed = (value = ""): string => (value[0] === "@" ? (site.theme[theme()][value.slice(1)] ?? "") : value);

/** The address of a picture: one of the package's files, named from its root or from the file that shows it. */
export function asset(src: string, shownBy = ""): string {
  if (/^([a-z]+:|\/\/)/.test(src)) return src;
  const path = new URL(src, `http://x/${shownBy}`).pathname.slice(1);
  return site.assets.includes(decodeURIComponent(path)) ? path : src;
}

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
