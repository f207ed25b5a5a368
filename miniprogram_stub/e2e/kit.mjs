// What the browser stories share: a phone in somebody's hand, and the checks that hold on every page.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

/** Where the demo runs; `make test` starts one for each story file on a database of its own. */
export const APP = process.env.APP_URL ?? "http://127.0.0.1:8000";
const SHOTS = process.env.SHOTS; // a folder: every look() is kept there as a picture
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let shared;
export function browser() {
  shared ??= chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  return shared;
}
export const putAway = async () => (await shared)?.close();

/** A phone, 390 x 844, in the hand of one of the demo's people; `font` is the phone's own scale (1.5: the largest print).
 * What the page throws or logs as an error fails the story at the end (`phone.quiet()`); a request that failed is the story's
 * own matter. */
export async function phone(person, { path = "", font = 1, dark = false } = {}) {
  const context = await (await browser()).newContext({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    locale: "zh-CN",
    colorScheme: dark ? "dark" : "light",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (said) => {
    if (said.type() === "error" && !said.text().startsWith("Failed to load resource:")) errors.push(said.text());
  });
  await page.goto(`${APP}/app/?as=${encodeURIComponent(person)}&font=${font}#/${path}`);
  page.quiet = () => assert.deepEqual(errors, [], `${person}'s phone`);
  return page;
}

/** The screen in sight (the pages under it are kept alive, hidden). */
export const screen = (page) => page.locator(".screen:visible");

export async function go(page, path) {
  await page.evaluate((to) => {
    location.hash = `#/${to}`;
  }, path);
}

/** Tap a button, link, tab or row by what it says. */
export async function tap(page, name, options = {}) {
  await page.getByRole("button", { name, ...options }).filter({ visible: true }).first().tap();
}

export async function sees(page, text) {
  await page.getByText(text).filter({ visible: true }).first().waitFor();
}

/** No text cut, nothing to scroll sideways for, nothing to tap smaller than a thumb. */
export async function fits(page, where) {
  const faults = await page.evaluate(() => {
    const found = [];
    const wide = document.documentElement;
    if (wide.scrollWidth > wide.clientWidth + 1) found.push(`scrolls sideways: ${wide.scrollWidth} > ${wide.clientWidth}`);
    for (const element of document.querySelectorAll("body *")) {
      const box = element.getBoundingClientRect();
      if (!box.width || !box.height || element.closest("[aria-hidden=true]") || !element.checkVisibility({ visibilityProperty: true })) continue;
      const says = (element.innerText ?? "").trim().slice(0, 30);
      const style = getComputedStyle(element);
      if (says && box.right > innerWidth + 1 && style.position !== "fixed") found.push(`out of sight: ${says}`);
      if (says && style.overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1) found.push(`cut: ${says}`);
      if (says && style.textOverflow === "ellipsis") found.push(`may be cut: ${says}`);
      const tapped = element.matches("button, [role=button], [role=tab], [role=link], select, textarea, input:not([type=checkbox]):not([type=radio])");
      if (tapped && (box.height < 43.5 || box.width < 43.5)) found.push(`smaller than 44 px: ${says || element.getAttribute("aria-label") || element.tagName} ${Math.round(box.width)} x ${Math.round(box.height)}`);
    }
    return [...new Set(found)];
  });
  assert.deepEqual(faults, [], where);
}

/** Nothing serious for those who hear or enlarge the page. */
export async function accessible(page, where) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  assert.deepEqual(serious, [], where);
}

/** Both checks, and a picture where one is wanted. Waits for the skeleton to go; a page that could not be opened is none to
 * look at, unless the story is about that. */
export async function look(page, name, { trouble = false } = {}) {
  await page.locator(".bones").filter({ visible: true }).waitFor({ state: "detached" });
  await page.waitForTimeout(150);
  const said = await page.locator(".trouble").filter({ visible: true }).allInnerTexts();
  assert.equal(said.length > 0, trouble, `${name}: ${said}`);
  if (SHOTS) {
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
  }
  await fits(page, name);
  await accessible(page, name);
}

/** Somebody else's part of a story, through the API: `await (await api("赵明"))("POST", "/certifications/…", {…})`. */
export async function api(person) {
  const { access_token: token } = await call("POST", "/sessions", { code: `console-${person}` });
  return (method, path, body) => call(method, path, body, token);
}

async function call(method, path, body, token) {
  const answer = await fetch(`${APP}/api/v1${path}`, {
    method,
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": crypto.randomUUID(),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: method === "GET" ? undefined : JSON.stringify(body ?? {}),
  });
  const said = await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}
