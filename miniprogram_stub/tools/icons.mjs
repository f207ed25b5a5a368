// The tab bar's PNG icons (81 x 81, WeChat takes no SVG), drawn here and rasterised by Chromium: `npm run icons`.
import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";

const SHAPES = {
  home: '<path d="M12 37 40.5 13 69 37v30a3 3 0 0 1-3 3H15a3 3 0 0 1-3-3Z"/><path d="M32 70V48h17v22"/>',
  groups: '<path d="M13 27h55l-5 40H18Z"/><path d="M27 36V22a13.5 13.5 0 0 1 27 0v14"/>',
  medicine: '<rect x="14" y="27" width="53" height="41" rx="5"/><path d="M30 27V16h21v11M40.5 37v21M30 47.500h21"/>',
  me: '<circle cx="40.5" cy="28" r="14"/><path d="M13 69c3-15 14-21 27.500-21S65 54 68 69Z"/>',
};
const THEMES = { light: ["#4D5854", "#0B6B57"], dark: ["#A9B5B0", "#63CDB3"] };

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 81, height: 81 } });
for (const [name, shape] of Object.entries(SHAPES)) {
  for (const [theme, colours] of Object.entries(THEMES)) {
    for (const [index, state] of ["", "-chosen"].entries()) {
      const fill = index ? `${colours[1]}33` : "none";
      const pen = `fill="${fill}" stroke="${colours[index]}" stroke-width="5" stroke-linejoin="round" stroke-linecap="round"`;
      await page.setContent(`<body style="margin:0"><svg width="81" height="81" viewBox="0 0 81 81" ${pen}>${shape}</svg>`);
      const png = await page.screenshot({ omitBackground: true });
      writeFileSync(new URL(`../miniprogram/assets/tab/${name}-${theme}${state}.png`, import.meta.url), png);
    }
  }
}
await browser.close();
