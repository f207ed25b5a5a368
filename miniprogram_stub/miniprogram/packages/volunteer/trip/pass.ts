/** The pass as the server draws it, on a page that may also be printed; here its words and its code are shown larger. */
export interface Pass {
  facts: { name: string; value: string }[];
  code: string;
}

export function passOf(page: string): Pass {
  const facts = [...page.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, name, value]) => ({ name, value: clear(value) }));
  const [, width, path] = /<svg viewBox="0 0 (\d+) \d+"[^>]*><path d="([^"]+)"/.exec(page) ?? ["", "0", ""];
  return { facts, code: path ? picture(Number(width), path) : "" };
}

/** Dark on white, whatever the phone's colours are: scanners want it so. Four modules of quiet around it. */
function picture(width: number, path: string): string {
  const size = width + 8;
  const drawn = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 ${size} ${size}" width="600" height="600" shape-rendering="crispEdges"><rect x="-4" y="-4" width="${size}" height="${size}" fill="white"/><path d="${path}" fill="black"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(drawn)}`;
}

function clear(html: string): string {
  return html.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&#34;|&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&");
}
