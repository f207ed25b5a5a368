// WeChat's own components, each as the browser's real control. A property's type is that of its default.
import { builtinTags, wxElement } from "./backend";
import { agreeToPrivacy, ask } from "./dialogs";
import { go, share } from "./router";
import { asset } from "./site";

/** `start`: once, when the element is made. `sync`: when it is attached, and whenever a property changes. */
type About = { start?: (self: any, element: any) => void; sync?: (element: any, data: any, self: any) => void };
const table: [string, object, About][] = [];
function define(tag: string, props: object = {}, about: About = {}) { table.push([tag, props, about]); builtinTags.add(tag); }

const TYPES: Record<string, unknown> = { boolean: Boolean, string: String, number: Number };

export function registerBuiltins(space: any) {
  for (const [tag, props, { start, sync }] of table) {
    const sync_ = (self: any) => sync?.(self.getBackendElement(), self.data, self);
    const definition = space.defineComponent({
      is: `builtin/${tag}`,
      properties: Object.fromEntries(Object.entries(props).map(([name, value]) => [name, { type: TYPES[typeof value] ?? null, value }])),
      observers: { "**"(this: any) { sync_(this); } },
      lifetimes: { created(this: any) { start?.(this, this.getBackendElement()); }, attached(this: any) { sync_(this); } },
    });
    space.setGlobalUsingComponent(tag, definition);
  }
}

const hover = { hoverClass: "none", hoverStopPropagation: false, hoverStartTime: 50, hoverStayTime: 400 };
let made = 0;
const idOf = (element: HTMLElement) => (element.id ||= `wx-${++made}`);
const send = (self: any, name: string, detail: object = {}) => self.triggerEvent(name, detail, {});
const hear = (element: any, type: string, work: (event: any) => unknown) => element.addEventListener(type, work);
const sibling = (self: any, id: string) => id && self.ownerShadowRoot?.getElementById(id)?.getBackendElement();
/** Sets what `model:` is bound to, then tells. */
const change = (self: any, data: { value?: unknown; checked?: unknown }, name = "change", more = {}) => {
  self.setData(data);
  send(self, name, { value: data.value ?? data.checked, ...more });
};

define("view", hover);
define("text", { selectable: false, userSelect: false, space: "", decode: false });
define("checkbox-group", { name: "" }, { start: (_, element) => (element.role = "group") });
define("radio-group", { name: "" }, { start: (_, element) => (element.role = "radiogroup") });

define("label", { for: "" }, {
  sync: (element, data, self) =>
    queueMicrotask(() => { const target = sibling(self, data.for); if (target) element.htmlFor = idOf(target.inner ?? target); }),
});

const opened: Record<string, (self: any) => void> = {
  share: (self) => share({ from: "button", target: { id: self.id, dataset: self.dataset } }),
  getPhoneNumber: (self) => send(self, "getphonenumber", { errMsg: "getPhoneNumber:fail not supported in the browser" }),
  agreePrivacyAuthorization: (self) => { agreeToPrivacy(); send(self, "agreeprivacyauthorization", { errMsg: "agreePrivacyAuthorization:ok" }); },
};
const button = { size: "default", type: "default", plain: false, disabled: false, loading: false, formType: "", openType: "" };
define("button", { ...hover, ...button, hoverClass: "button-hover" }, {
  sync: (element, { formType, disabled, loading, type, size }) => {
    Object.assign(element, { type: formType || "button", disabled, ariaBusy: loading ? "true" : null });
    Object.assign(element.dataset, { wxType: type, wxSize: size });
  },
  start: (self, element) => hear(element, "click", () => self.data.openType.split("|").forEach((kind: string) => opened[kind]?.(self))),
});

const INPUT_MODES: Record<string, string> = { number: "numeric", digit: "decimal" };
const typing = {
  value: "", placeholder: "", placeholderStyle: "", placeholderClass: "", disabled: false, maxlength: 140, focus: false, autoFocus: false, name: "", type: "text",
  cursor: -1, cursorSpacing: 0, adjustPosition: true, holdKeyboard: false, confirmType: "", confirmHold: false, password: false, autoHeight: false,
};
const field: About = {
  start(self, element) {
    hear(element, "input", () => change(self, { value: element.value }, "input", { cursor: element.selectionStart }));
    for (const type of ["focus", "blur", "change"]) hear(element, type, () => send(self, type, { value: element.value }));
    hear(element, "keydown", ({ key, isComposing }) => {
      if (key === "Enter" && !isComposing && element.tagName === "INPUT") send(self, "confirm", { value: element.value });
    });
  },
  sync(element, data) {
    const { placeholder, disabled, name, confirmType: enterKeyHint, type, password, maxlength, autoHeight } = data;
    Object.assign(element, { placeholder, disabled, name, enterKeyHint, inputMode: INPUT_MODES[type] ?? "" });
    if (element.tagName === "INPUT") element.type = password ? "password" : "text";
    if (element.value !== String(data.value ?? "")) element.value = data.value ?? "";
    if (maxlength >= 0) element.maxLength = maxlength;
    else element.removeAttribute("maxlength");
    element.classList.toggle("wx-auto-height", autoHeight);
    const isAsked = data.focus || data.autoFocus;
    if (isAsked && !element.wasAsked) queueMicrotask(() => element.focus());
    element.wasAsked = isAsked;
  },
};
define("input", typing, field);
define("textarea", typing, field);

/** A box with its words: the input is inside, and the group it stands in tells what is chosen. */
const chosenIn = (group: Element) => {
  const values = [...group.querySelectorAll("input:checked")].map((input) => wxElement(input).data.value);
  return group.tagName === "RADIO-GROUP" ? (values[0] ?? "") : values;
};
const box = (type: "checkbox" | "radio"): About => ({
  start: (_, element) => {
    const input = (element.inner = Object.assign(document.createElement("input"), { type }));
    element.prepend(input);
    hear(element, "click", ({ target }) => target !== input && !element.closest("label") && input.click());
    hear(input, "change", () => {
      const group = element.closest(`${type}-group`);
      for (const one of group?.querySelectorAll("input") ?? [input]) wxElement(one).setData({ checked: one.checked });
      if (group) send(wxElement(group), "change", { value: chosenIn(group) });
    });
  },
  sync: (element, { checked, disabled }) => {
    const group = element.closest(`${type}-group`);
    Object.assign(element.inner, { checked, disabled, name: group ? idOf(group) : "" });
    if (!element.closest("label") && element.textContent) element.inner.ariaLabel = element.textContent.trim();
  },
});
define("checkbox", { value: "", checked: false, disabled: false, color: "" }, box("checkbox"));
define("radio", { value: "", checked: false, disabled: false, color: "" }, box("radio"));

define("switch", { checked: false, disabled: false, type: "switch", color: "", name: "" }, {
  start: (self, element) => {
    Object.assign(element, { type: "checkbox", role: "switch" });
    hear(element, "change", () => change(self, { checked: element.checked }));
  },
  sync: (element, { checked, disabled }) => Object.assign(element, { checked, disabled }),
});

define("slider", { min: 0, max: 100, step: 1, value: 0, disabled: false, showValue: false, activeColor: "", blockSize: 28, name: "" }, {
  start: (self, element) => {
    element.type = "range";
    hear(element, "input", () => send(self, "changing", { value: Number(element.value) }));
    hear(element, "change", () => change(self, { value: Number(element.value) }));
  },
  sync: (element, { min, max, step, disabled, value }) => Object.assign(element, { min, max, step, disabled, value }),
});

define("progress", { percent: 0, showInfo: false, strokeWidth: 6, activeColor: "", backgroundColor: "", active: false, borderRadius: 0 }, {
  sync: (element, { percent }) => Object.assign(element, { max: 100, value: percent }),
});

const picker = { mode: "selector", range: [], rangeKey: "", value: null, start: "", end: "", fields: "day", disabled: false, headerText: "", name: "" };
define("picker", picker, {
  start: (self, element) => { element.tabIndex = 0; hear(element, "click", () => !self.data.disabled && pick(self, element)); },
  // In a label it is a field with that name and its words as the value; alone, a button called by its words.
  sync: (element, { disabled }) =>
    queueMicrotask(() => {
      const name = element.closest("label")?.textContent.replace(element.textContent, "").trim();
      Object.assign(element, { role: name ? "combobox" : "button", ariaHasPopup: "dialog", ariaDisabled: disabled ? "true" : null });
      if (name) Object.assign(element, { ariaLabel: name, ariaExpanded: "false" });
    }),
});
async function pick(self: any, element: HTMLElement) {
  const { mode, range, rangeKey, value, start: min, end: max, fields, headerText } = self.data;
  const title = headerText || element.ariaLabel || "请选择";
  const isList = mode === "selector";
  const type = mode === "date" && fields === "month" ? "month" : mode;
  const answer = isList
    ? await ask({ title, sheet: true, choices: (range ?? []).map((one: any) => String(rangeKey ? one[rangeKey] : one)), chosen: Number(value ?? -1) })
    : await ask({ title, choices: ["取消", "确定"], field: { type, value: value ?? "", min, max } });
  if (!answer || (!isList && !(answer.choice && answer.value))) send(self, "cancel");
  else change(self, { value: isList ? answer.choice : answer.value });
}

const scroll = { scrollX: false, scrollY: false, scrollTop: null, scrollIntoView: "", lowerThreshold: 50, scrollWithAnimation: false, enableFlex: false, showScrollbar: true, enhanced: false };
define("scroll-view", scroll, {
  start: (self, element) => {
    let wasNear = false;
    hear(element, "scroll", () => {
      const { scrollTop, scrollLeft, scrollHeight, scrollWidth, clientHeight, clientWidth } = element;
      const isNear = (self.data.scrollX ? scrollWidth - scrollLeft - clientWidth : scrollHeight - scrollTop - clientHeight) <= self.data.lowerThreshold;
      send(self, "scroll", { scrollTop, scrollLeft, scrollHeight, scrollWidth });
      if (isNear && !wasNear) send(self, "scrolltolower");
      wasNear = isNear;
    });
  },
  sync: (element, { scrollX, scrollY, scrollTop, scrollIntoView }, self) => {
    Object.assign(element.dataset, { x: scrollX, y: scrollY });
    if (scrollX || scrollY) element.tabIndex = 0; // a keyboard must be able to scroll it
    if (scrollTop !== null) element.scrollTop = scrollTop;
    sibling(self, scrollIntoView)?.scrollIntoView();
  },
});

define("form", {}, {
  start: (self, element) =>
    hear(element, "submit", (event) => {
      event.preventDefault(); // answered by the page, never sent by the browser
      const value: Record<string, unknown> = {};
      for (const inner of element.querySelectorAll("*")) {
        const data = inner.__wxElement?.data;
        if (data?.name) value[data.name] = inner.tagName.endsWith("-GROUP") ? chosenIn(inner) : (data.checked ?? data.value);
      }
      send(self, "submit", { value, target: { id: self.id, dataset: self.dataset } });
    }),
});

define("navigator", { ...hover, hoverClass: "navigator-hover", url: "", openType: "navigate", delta: 1 }, {
  start: (self, element) => {
    Object.assign(element, { role: "link", tabIndex: 0 });
    const verb = () => self.data.openType.replace(/^(navigate|redirect)$/, "$1To");
    hear(element, "click", () => go(verb(), self.data).catch((error) => console.error(error.message)));
  },
});

define("image", { src: "", mode: "scaleToFill", lazyLoad: false, showMenuByLongpress: false }, {
  start: (self, element) => {
    const picture = (element.inner = Object.assign(document.createElement("img"), { alt: "" }));
    element.prepend(picture);
    hear(picture, "load", () => send(self, "load", { width: picture.naturalWidth, height: picture.naturalHeight }));
    hear(picture, "error", () => send(self, "error", { errMsg: `GET ${self.data.src} failed` }));
  },
  sync: (element, { src, mode }, self) => {
    element.dataset.mode = mode;
    const address = src && asset(src, self.ownerShadowRoot?.getHostNode().is);
    if (!address) element.inner.removeAttribute("src");
    else if (element.inner.getAttribute("src") !== address) element.inner.src = address;
  },
});
