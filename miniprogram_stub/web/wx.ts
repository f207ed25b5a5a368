// The `wx` object: what is exported here is all that a mini-program may use in the browser (the build checks it).
import { asTap, inTap } from "./backend";
import { agreedToPrivacy, ask, endToast, listenForPrivacy, needPrivacy, toast } from "./dialogs";
import * as router from "./router";
import { dark, fontScale, person, theme } from "./site";

const { refuse, top } = router;

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

// --- requests and sign-in

let bearer = ""; // as the app last sent it: the demo's payment page asks the server in the same person's name

export function request(options: any) {
  const stop = new AbortController();
  const send = api("request", async ({ url, data, header = {}, method = "GET", timeout = 60_000, responseType, dataType = "json" }) => {
    const headers = new Headers(header); // "Content-Type" beside "content-type" would be joined to one that nobody knows
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    bearer = headers.get("authorization") ?? bearer;
    const isRead = /^(get|head)$/i.test(method);
    const address = isRead && data ? `${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams(data)}` : url;
    const body = isRead ? undefined : typeof data === "string" || data instanceof ArrayBuffer ? data : JSON.stringify(data);
    const late = setTimeout(() => stop.abort(new Error("timeout")), timeout);
    try {
      const answer = await fetch(address, { method: method.toUpperCase(), headers, body, signal: stop.signal });
      const got = responseType === "arraybuffer" ? await answer.arrayBuffer() : await answer.text();
      return { statusCode: answer.status, header: Object.fromEntries(answer.headers), data: dataType === "json" ? parsed(got) : got, cookies: [] };
    } finally { clearTimeout(late); }
  });
  return Object.assign(send(options) ?? {}, { abort: () => stop.abort(new Error("abort")) });
}

function parsed(body: any) {
  try {
    return typeof body === "string" ? JSON.parse(body) : body;
  } catch { return body; }
}

export const login = api("login", () => ({ code: `console-${person}` }));

// --- storage, one for each person

const PREFIX = `wx:${person}:`;
const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
export const getStorageSync = (key: string) => JSON.parse(localStorage.getItem(PREFIX + key) ?? '""');
export const setStorageSync = (key: string, data: unknown) => localStorage.setItem(PREFIX + key, JSON.stringify(data ?? null));
export const removeStorageSync = (key: string) => localStorage.removeItem(PREFIX + key);
export const clearStorageSync = () => keys().forEach(removeStorageSync);
export const getStorageInfoSync = () => {
  const size = keys().reduce((sum, key) => sum + (localStorage.getItem(PREFIX + key) as string).length, 0);
  return { keys: keys(), currentSize: Math.ceil(size / 1024), limitSize: 10_240 };
};
export const getStorage = api("getStorage", ({ key }) => ({ data: keys().includes(key) ? getStorageSync(key) : refuse("data not found") }));
export const setStorage = api("setStorage", ({ key, data }) => setStorageSync(key, data));
export const removeStorage = api("removeStorage", ({ key }) => removeStorageSync(key));
export const clearStorage = api("clearStorage", clearStorageSync);

// --- pages

const going = (name: string) => api(name, (options) => router.go(name, options));
export const navigateTo = going("navigateTo");
export const redirectTo = going("redirectTo");
export const reLaunch = going("reLaunch");
export const switchTab = going("switchTab");
export const navigateBack = going("navigateBack");
export const startPullDownRefresh = api("startPullDownRefresh", router.startPullDownRefresh);
export const stopPullDownRefresh = api("stopPullDownRefresh", router.stopPullDownRefresh);
export const setNavigationBarTitle = api("setNavigationBarTitle", ({ title }) => router.redraw({ config: { ...top().config, navigationBarTitleText: title } }));
export const pageScrollTo = api("pageScrollTo", ({ scrollTop, selector, duration = 300 }) => {
  const behavior = duration && !matchMedia("(prefers-reduced-motion: reduce)").matches ? "smooth" : "auto";
  const target = selector && top().root.getComponent().getShadowRoot().querySelector(selector)?.getBackendElement();
  if (target) target.scrollIntoView({ behavior });
  else top().element.scrollTo({ top: scrollTop, behavior });
});
export const createSelectorQuery = () => top().page.createSelectorQuery();
export const hideShareMenu = api("hideShareMenu", () => router.redraw({ shareHidden: true }));
export const showShareMenu = api("showShareMenu", () => router.redraw({ shareHidden: false }));
export const nextTick = (work: () => void) => queueMicrotask(work);

// --- windows

export const showToast = api("showToast", ({ title, duration: forMs, mask }) => toast(title, { forMs, mask }));
export const hideToast = api("hideToast", endToast);
export const showLoading = api("showLoading", ({ title, mask }) => toast(title, { forMs: 0, busy: true, mask }));
export const hideLoading = api("hideLoading", endToast);
export const showModal = api("showModal", async ({ title = "", content = "", editable, placeholderText: placeholder, ...more }) => {
  const { showCancel = true, cancelText = "取消", confirmText = "确定" } = more;
  const choices = showCancel ? [cancelText, confirmText] : [confirmText];
  const answer = await ask({ title, text: editable ? "" : content, choices, field: editable && { value: content, placeholder } });
  const confirm = answer?.choice === choices.length - 1;
  return { confirm, cancel: !confirm, ...(editable && { content: confirm ? answer?.value : "" }) };
});
export const showActionSheet = api("showActionSheet", async ({ itemList, alertText = "" }) => {
  const answer = await ask({ title: alertText, choices: [...itemList, "取消"], sheet: true });
  return !answer || answer.choice === itemList.length ? refuse("cancel") : { tapIndex: answer.choice };
});
export const previewImage = api("previewImage", ({ urls }) => void ask({ title: "图片", pictures: urls, choices: ["关闭"], sheet: true }));

// --- what the phone can do

const chosenFiles = new Map<string, File>();
export const chooseMedia = api("chooseMedia", async ({ count = 9, mediaType = ["image", "video"] }) => {
  await needPrivacy("chooseMedia");
  const accept = mediaType.map((type: string) => `${type}/*`).join();
  const chooser = Object.assign(document.createElement("input"), { type: "file", multiple: count > 1, accept });
  await new Promise((resolve) => { for (const type of ["change", "cancel"]) chooser.addEventListener(type, resolve); chooser.click(); });
  if (!chooser.files?.length) refuse("cancel");
  const tempFiles = [...(chooser.files ?? [])].slice(0, count).map((file) => {
    const tempFilePath = URL.createObjectURL(file);
    chosenFiles.set(tempFilePath, file);
    return { tempFilePath, size: file.size, fileType: file.type.split("/")[0] };
  });
  return { tempFiles, type: tempFiles[0].fileType };
});
const readFile = api("readFile", async ({ filePath, encoding }) => {
  const bytes = await (chosenFiles.get(filePath) ?? refuse(`no such file or directory, open "${filePath}"`)).arrayBuffer();
  return { data: encoding === "base64" ? arrayBufferToBase64(bytes) : encoding ? new TextDecoder().decode(bytes) : bytes };
});
export const getFileSystemManager = () => ({ readFile });
export const arrayBufferToBase64 = (bytes: ArrayBuffer) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));

export const makePhoneCall = api("makePhoneCall", ({ phoneNumber }) => Object.assign(document.createElement("a"), { href: `tel:${phoneNumber}` }).click());
export const setClipboardData = api("setClipboardData", async ({ data }) => {
  await needPrivacy("setClipboardData");
  await navigator.clipboard.writeText(data);
  toast("内容已复制");
});
export const vibrateShort = api("vibrateShort", () => void navigator.vibrate?.(15));
export const scanCode = api("scanCode", async () => {
  const answer = await ask({ title: "扫码：请输入码里的内容", choices: ["取消", "确定"], field: {} });
  return answer?.choice ? { result: answer.value, scanType: "QR_CODE", charSet: "utf-8", path: "" } : refuse("cancel");
});

const failed = (errCode: number, why: string) => Promise.reject(Object.assign(new Error(why), { errCode }));
export const requestSubscribeMessage = api("requestSubscribeMessage", async ({ tmplIds = [] }) => {
  if (!inTap()) return failed(10005, "can only be invoked by user TAP gesture.");
  if (!tmplIds.length) return failed(10001, "TmplIds can't be empty");
  const answer = await ask({ title: "接收这一类通知吗？", text: "演示：只记下您的选择，不会真的发送微信通知。", choices: ["暂不", "允许"] });
  return Object.fromEntries(tmplIds.map((id: string) => [id, answer?.choice ? "accept" : "reject"]));
});

/** What prepay answers is handed over as it is: the console names the payment by its id without dashes. */
export const requestPayment = api("requestPayment", async ({ number = "", amount_fen }) => {
  const id = number.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  const answer = await ask({ title: "演示付款", text: `¥ ${(amount_fen / 100).toFixed(2)}`, choices: ["确认付款", "取消"], sheet: true });
  if (answer?.choice !== 0) refuse("cancel");
  const paid = await fetch(`/api/v1/demo/payments/${id}/pay`, { method: "POST", headers: { authorization: bearer } });
  if (!paid.ok) refuse(`the demo's payment answered ${paid.status}`);
  asTap(() => undefined); // a payment counts as a tap for the subscribe sheet
});

// --- what is going on

/** onX and offX, told of each of the target's events as `detail` has it. */
function listeners(target: EventTarget, types: string[], detail: () => unknown) {
  const all = new Set<(value: any) => void>();
  for (const type of types) target.addEventListener(type, () => all.forEach((one) => one(detail())));
  return { on: (one: any) => void all.add(one), off: (one?: any) => void (one ? all.delete(one) : all.clear()) };
}
const network = () => ({ isConnected: navigator.onLine, networkType: navigator.onLine ? "wifi" : "none" });
export const getNetworkType = api("getNetworkType", network);
export const { on: onNetworkStatusChange, off: offNetworkStatusChange } = listeners(window, ["online", "offline"], network);
export const { on: onThemeChange, off: offThemeChange } = listeners(dark, ["change"], () => ({ theme: theme() }));
export const { on: onAppShow, off: offAppShow } = listeners(document, ["wx-show"], () => launch);
export const { on: onAppHide, off: offAppHide } = listeners(document, ["wx-hide"], () => undefined);

export const onNeedPrivacyAuthorization = listenForPrivacy;
export const getPrivacySetting = api("getPrivacySetting", () => ({ needAuthorization: !agreedToPrivacy(), privacyContractName: "《用户隐私保护指引》" }));
export const requirePrivacyAuthorize = api("requirePrivacyAuthorize", () => needPrivacy("requirePrivacyAuthorize"));
const CONTRACT = { title: "用户隐私保护指引", text: "演示环境：微信会在这里打开登记过的指引。", choices: ["知道了"] };
export const openPrivacyContract = api("openPrivacyContract", () => void ask(CONTRACT));
/** Nothing is ever new: a reload is the update. */
export const getUpdateManager = () => ({ onCheckForUpdate: (told: any) => told({ hasUpdate: false }), onUpdateReady() {}, onUpdateFailed() {}, applyUpdate() {} });

const { path, query } = router.typed();
const launch = { path, query: router.queryOf(query), scene: 1001, referrerInfo: {} };
export const getLaunchOptionsSync = () => launch;
export const getEnterOptionsSync = () => launch;
export const getAccountInfoSync = () => ({ miniProgram: { appId: "touristappid", envVersion: "develop", version: "" } });
const print = { fontSizeScaleFactor: fontScale, fontSizeSetting: Math.round(17 * fontScale) };
export const getAppBaseInfo = () => ({ SDKVersion: "3.7.0", language: "zh_CN", version: "8.0.50", host: { env: "browser" }, theme: theme(), ...print });
export const getDeviceInfo = () => ({ platform: "devtools", brand: "browser", model: "browser", system: navigator.platform });
export const getWindowInfo = () => {
  const { offsetWidth: screenWidth, offsetHeight: screenHeight } = document.getElementById("wx-phone") as HTMLElement;
  const { offsetWidth: windowWidth, offsetHeight: windowHeight, offsetTop: screenTop } = document.getElementById("wx-stack") as HTMLElement;
  const safeArea = { top: 0, left: 0, right: screenWidth, bottom: screenHeight, width: screenWidth, height: screenHeight };
  return { pixelRatio: devicePixelRatio, screenWidth, screenHeight, windowWidth, windowHeight, screenTop, statusBarHeight: 0, safeArea };
};
export const getSystemInfoSync = () => ({ ...getAppBaseInfo(), ...getDeviceInfo(), ...getWindowInfo() });
export const canIUse = (schema: string) => schema.split(".")[0] in (globalThis as any).wx;
