// The `wx` object: what is exported here is all that a mini-program may use in the browser (the build checks it).
import { inTap } from "./backend";
import { ask, make, toast } from "./phone";
import * as router from "./router";
import { fontScale, person, refuse } from "./site";

/** Success, fail and complete, or, where none of them is given, a promise: as WeChat has it. */
function api(name: string, work: (options: any) => unknown) {
  return (options: Record<string, any> = {}): any => {
    const { success, fail, complete } = options;
    const done = (async () => work(options))().then(
      (result) => ({ errMsg: `${name}:ok`, ...(result as object) }),
      (error) => Promise.reject({ ...error, errMsg: `${name}:fail ${error.message}` }),
    );
    if (!success && !fail && !complete) return done;
    const tell = (one: any) => (result: object) => [one, complete].forEach((told) => told?.(result));
    done.then(tell(success), tell(fail));
  };
}

let bearer = ""; // as the app last sent it: the demo's payment page asks the server in the same person's name
export const request = api("request", async ({ url, data, header, method = "GET", timeout = 60_000, responseType }) => {
  const headers = new Headers(header);
  bearer = headers.get("authorization") ?? bearer;
  const body = data?.constructor === Object ? JSON.stringify(data) : data;
  const answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(timeout) });
  const got = responseType === "arraybuffer" ? await answer.arrayBuffer() : await answer.json().catch(() => "");
  return { statusCode: answer.status, header: Object.fromEntries(answer.headers), data: got };
});
export const login = api("login", () => ({ code: `console-${person}` }));

const keyOf = (key: string) => `wx:${person}:${key}`;
export const getStorageSync = (key: string) => JSON.parse(localStorage.getItem(keyOf(key)) ?? '""');
export const setStorageSync = (key: string, data: unknown) => localStorage.setItem(keyOf(key), JSON.stringify(data ?? null));
export const removeStorageSync = (key: string) => localStorage.removeItem(keyOf(key));

const going = (name: string) => api(name, (options) => router.go(name, options));
export const navigateTo = going("navigateTo");
export const redirectTo = going("redirectTo");
export const reLaunch = going("reLaunch");
export const switchTab = going("switchTab");
export const navigateBack = going("navigateBack");
export const startPullDownRefresh = api("startPullDownRefresh", router.startPullDownRefresh);
export const stopPullDownRefresh = api("stopPullDownRefresh", router.stopPullDownRefresh);
export const setNavigationBarTitle = api("setNavigationBarTitle", ({ title }) => router.redraw({ navigationBarTitleText: title }));
export const hideShareMenu = api("hideShareMenu", () => router.redraw({ shareHidden: true }));

export const showToast = api("showToast", ({ title, duration }) => toast(title, duration));
export const showModal = api("showModal", async ({ title, content, showCancel = true, cancelText = "取消", confirmText = "确定" }) => {
  const choices = showCancel ? [cancelText, confirmText] : [confirmText];
  const answer = await ask({ title, text: content, choices });
  const confirm = answer?.choice === choices.length - 1;
  return { confirm, cancel: !confirm };
});
export const showActionSheet = api("showActionSheet", async ({ itemList, alertText }) => {
  const answer = await ask({ title: alertText, choices: [...itemList, "取消"], sheet: true });
  return !answer || answer.choice === itemList.length ? refuse("cancel") : { tapIndex: answer.choice };
});
export const previewImage = api("previewImage", ({ urls }) => void ask({ title: "图片", pictures: urls, choices: ["关闭"], sheet: true }));

/** What WeChat shows by itself before the first call that touches somebody's own things. */
async function needPrivacy() {
  if (getStorageSync("wx.privacy")) return;
  const answer = await ask({ title: "用户隐私保护提示", text: "继续前请阅读并同意隐私保护指引。", choices: ["拒绝", "同意"] });
  if (answer?.choice !== 1) refuse("privacy permission is not authorized");
  setStorageSync("wx.privacy", "agreed");
}
const CONTRACT = { title: "用户隐私保护指引", text: "演示环境：微信会在这里打开登记过的指引。", choices: ["知道了"] };
export const openPrivacyContract = api("openPrivacyContract", () => void ask(CONTRACT));

const files = new Map<string, File>();
export const chooseMedia = api("chooseMedia", async ({ count = 9 }) => {
  await needPrivacy();
  const chooser = make("input", { type: "file", accept: "image/*", multiple: count > 1 });
  chooser.click();
  await new Promise((resolve) => (chooser.onchange = chooser.oncancel = resolve));
  const tempFiles = [...chooser.files].slice(0, count).map((file) => {
    const tempFilePath = URL.createObjectURL(file);
    files.set(tempFilePath, file);
    return { tempFilePath, size: file.size };
  });
  return tempFiles.length ? { tempFiles } : refuse("cancel");
});
const readFile = api("readFile", async ({ filePath }) => {
  const file = files.get(filePath) ?? refuse(`no such file or directory, open "${filePath}"`);
  return { data: await file.arrayBuffer() };
});
export const getFileSystemManager = () => ({ readFile });
export const arrayBufferToBase64 = (bytes: ArrayBuffer) =>
  btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
export const makePhoneCall = api("makePhoneCall", ({ phoneNumber }) => void (location.href = `tel:${phoneNumber}`));
export const setClipboardData = api("setClipboardData", async ({ data }) => {
  await needPrivacy();
  await navigator.clipboard.writeText(data);
  toast("内容已复制");
});
export const vibrateShort = api("vibrateShort", () => void navigator.vibrate?.(15));

/** Asked once for each template while the tab lives, as somebody would who ticks "always keep this choice". */
export const requestSubscribeMessage = api("requestSubscribeMessage", async ({ tmplIds }) => {
  if (!inTap()) refuse("can only be invoked by user TAP gesture.");
  const keys = tmplIds.map((id: string) => keyOf(`subscribe:${id}`));
  if (!keys.every((key: string) => sessionStorage.getItem(key))) {
    const answer = await ask({ title: "接收这一类通知吗？", text: "演示：不会真的发送微信通知。", choices: ["暂不", "允许"] });
    keys.forEach((key: string) => sessionStorage.setItem(key, answer?.choice ? "accept" : "reject"));
  }
  return Object.fromEntries(tmplIds.map((id: string, index: number) => [id, sessionStorage.getItem(keys[index])]));
});

/** What prepay answers is handed over as it is: the console names the payment by its id without dashes. */
export const requestPayment = api("requestPayment", async ({ number, amount_fen }) => {
  const id = number.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  const text = `¥ ${(amount_fen / 100).toFixed(2)}`;
  const answer = await ask({ title: "演示付款", text, choices: ["确认付款", "取消"], sheet: true });
  if (answer?.choice !== 0) refuse("cancel");
  const paid = await fetch(`/api/v1/demo/payments/${id}/pay`, { method: "POST", headers: { authorization: bearer } });
  if (!paid.ok) refuse(`the demo's payment answered ${paid.status}`);
});

const network = () => ({ isConnected: navigator.onLine, networkType: navigator.onLine ? "wifi" : "none" });
export const getNetworkType = api("getNetworkType", network);
export const onNetworkStatusChange = (told: (now: object) => void) =>
  ["online", "offline"].forEach((type) => addEventListener(type, () => told(network())));
/** Nothing is ever new: a reload is the update. */
export const getUpdateManager = () => ({ onUpdateReady() {}, applyUpdate() {} });
export const getAppBaseInfo = () => ({ fontSizeScaleFactor: fontScale, host: { env: "browser" } });
