// A phone for the tests: the fixture built once, a server with the page's policy and a few answers, and Chromium.
import { createReadStream, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "../build.mjs";

export const FIXTURE = fileURLToPath(new URL("../test/fixture", import.meta.url));
const POLICY = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; connect-src 'self'";
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".png": "image/png" };

function serve(dir) {
  const asked = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://x");
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      if (url.pathname.startsWith("/api/")) {
        asked.push({ method: request.method, path: url.pathname, headers: request.headers });
        if (url.pathname === "/api/never") return;
        const status = Number(url.searchParams.get("status") ?? 200);
        response.writeHead(status, { "content-type": "application/json", "x-said": "yes" });
        response.end(JSON.stringify({ method: request.method, query: url.search, body: body.toString("latin1"), bytes: body.length }));
        return;
      }
      const file = join(dir, url.pathname.replace(/^\/app\//, "/").replace(/\/$/, "/index.html"));
      if (!existsSync(file)) return response.writeHead(404).end();
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain", "content-security-policy": POLICY });
      createReadStream(file).pipe(response);
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ server, asked, origin: `http://127.0.0.1:${server.address().port}` })));
}

export async function startPhone() {
  const dir = mkdtempSync(join(tmpdir(), "phone-"));
  await build({ root: FIXTURE, out: dir });
  const { server, asked, origin } = await serve(dir);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  const contexts = [];
  const context = async (options = {}) => {
    const made = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, locale: "zh-CN", ...options });
    await made.grantPermissions(["clipboard-read", "clipboard-write"], { origin });
    made.setDefaultTimeout(5000);
    contexts.push(made);
    return made;
  };
  /** A page of the app, with what the console said of it in `faults`: errors, warnings, breaches of the policy. */
  const open = async (hash = "", { search = "", options, within } = {}) => {
    const page = await (within ?? (await context(options))).newPage();
    page.faults = [];
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.faults.push(message.text()));
    page.on("pageerror", (error) => page.faults.push(error.message));
    await page.addInitScript(() => addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective}`)));
    await page.goto(`${origin}/app/${search}${hash}`);
    await page.waitForSelector(".wx-screen");
    page.log = () => page.evaluate(() => log.splice(0));
    page.wx = (name, options, ...rest) => page.evaluate(([name, options, rest]) => Promise.resolve(wx[name](options, ...rest)).catch((error) => ({ ...error })), [name, options, rest]);
    return page;
  };
  const stop = async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  };
  /** One context less when a test is done. */
  const rest = () => Promise.all(contexts.splice(0).map((one) => one.close()));
  return { open, context, asked, origin, dir, stop, rest };
}
