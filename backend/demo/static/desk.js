// The desk: who is at it, which page of it is shown, and moving between them.

import { get, signedIn, signIn, signOut } from "./api.js";
import { h, once, refusal, said } from "./dom.js";
import * as compounds from "./compounds.js";
import * as applications from "./applications.js";
import * as objections from "./objections.js";
import * as households from "./households.js";
import * as campaigns from "./campaigns.js";
import * as orders from "./orders.js";
import * as handout from "./handout.js";
import * as requests from "./requests.js";
import * as tasks from "./tasks.js";
import * as team from "./team.js";
import * as medicine from "./medicine.js";

const view = document.getElementById("view");
const tabs = document.getElementById("tabs");
const welcome = document.getElementById("welcome");
const PAGES = { compounds, applications, objections, campaigns, orders, handout, requests, tasks, team, medicine, households };
let me = null;
let turn = 0; // the latest request to show something wins
let timer = null;

/** What the pages need of the desk. */
const desk = {
  get me() { return me; },
  may: (permission) => me.permissions.includes(permission),
  go: (hash) => { if (location.hash === hash) return show(); location.hash = hash; },
  refresh: () => show({ keepPlace: true }),
  /** Shows the page again at a moment, if it is still the one shown. */
  refreshAt: (iso) => {
    const wait = new Date(iso) - Date.now() + 1500;
    if (wait > 0 && wait < 86_400_000) timer = setTimeout(() => show({ keepPlace: true }), wait);
  },
  /** Does what was asked, says so, shows the new state; a stale view is shown anew with the reason. */
  async act(work, done) {
    try {
      await work();
    } catch (error) {
      if (!["stale", "not_now", "too_soon"].includes(error.problem?.code)) throw error;
      await show({ keepPlace: true });
      said("wait", ...refusal(error), h("p", {}, "下面已是最新内容。"));
      return;
    }
    await show({ keepPlace: true });
    said("good", done);
  },
};

async function show({ keepPlace = false } = {}) {
  const mine = ++turn;
  clearTimeout(timer);
  if (!keepPlace) said();
  if (!signedIn()) return leave();
  view.setAttribute("aria-busy", "true");
  try {
    me ??= await get("/me");
    const [page, ...rest] = location.hash.replace(/^#\//, "").split("/").filter(Boolean).map(decodeURIComponent);
    const shown = await (PAGES[page] ?? PAGES[home()]).page(desk, ...(PAGES[page] ? rest : []));
    if (mine !== turn) return;
    frame(PAGES[page] ? page : home());
    view.replaceChildren(...shown);
    if (!keepPlace) arrive();
  } catch (error) {
    if (mine !== turn) return;
    if (!signedIn()) leave();
    else if (me) frame();
    said("bad", ...refusal(error));
  } finally {
    view.removeAttribute("aria-busy");
  }
}

function arrive() {
  scrollTo(0, 0);
  const heading = view.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

/** Each page says whom it is for; the first that is for this person is their home. */
const mine = () => Object.entries(PAGES).filter(([, page]) => page.forWhom(desk));
const home = () => mine().toSorted(([, a], [, b]) => b.first(desk) - a.first(desk))[0]?.[0] ?? "households";

function frame(current) {
  const post = me.posts[0];
  document.getElementById("who").replaceChildren(h("b", {}, me.name), h("span", { class: "where" }, post?.place_name), h("span", {}, post?.label));
  document.getElementById("leave").hidden = false;
  tabs.hidden = mine().length < 2;
  tabs.replaceChildren(h("ul", {}, mine().map(([name, page]) =>
    h("li", {}, h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, page.title)))));
}

function leave() {
  me = null;
  document.getElementById("who").replaceChildren();
  document.getElementById("leave").hidden = tabs.hidden = true;
  view.replaceChildren(welcome);
}

for (const person of welcome.querySelectorAll(".person")) {
  person.disabled = false;
  person.addEventListener("click", () => once(person, async () => {
    await signIn(person.dataset.name);
    me = null;
    history.replaceState(null, "", "#/");
    await show();
  }));
}
document.getElementById("leave").addEventListener("click", async () => {
  await signOut();
  history.replaceState(null, "", "#/");
  await show();
  arrive();
});
addEventListener("hashchange", () => show());
show();
