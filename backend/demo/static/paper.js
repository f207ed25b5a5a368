// What leaves the screen: sheets to print, statements to keep. A link carries no sign-in, so the file is fetched and
// then shown as if it were one.

import { file } from "./api.js";

/** A sheet in a tab of its own, opened at once, as long as the tap still counts as one. */
export async function print(path, query) {
  const tab = open("", "_blank");
  try {
    tab.location = URL.createObjectURL(await readable(await file(path, query)));
  } catch (error) {
    tab?.close();
    throw error;
  }
}

/** The page's own links are told from where: as a blob it has no address to start from. */
async function readable(blob) {
  if (!blob.type.startsWith("text/html")) return blob;
  return new Blob([(await blob.text()).replaceAll('href="/', `href="${location.origin}/`)], { type: blob.type });
}

export async function download(path, query, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await file(path, query));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
