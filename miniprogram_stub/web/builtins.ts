// WeChat's own components, each as the browser's real control. A property's type is that of its default.
import { builtinTags, wxElement } from "./backend";
import { ask } from "./phone";
import { go } from "./router";

/** `start`: once, when the element is made. `sync`: when it is attached, and whenever a property changes. */
type About = { start?: (self: any, element: any) => void; sync?: (element: any, data: any) => void };
const table: [string, object, About][] = [];
function define(tag: string, props: object = {}, about: About = {}) {
  table.push([tag, props, about]);
  builtinTags.add(tag);
}

const TYPES: Record<string, unknown> = { boolean: Boolean, string: String, number: Number };
export function registerBuiltins(space: any) {
  for (const [tag, props, { start, sync }] of table) {
    const typed = Object.entries(props).map(([name, value]) => [name, { type: TYPES[typeof value] ?? null, value }]);
    function created(this: any) { start?.(this, this.getBackendElement()); }
    function update(this: any) { sync?.(this.getBackendElement(), this.data); }
    const definition = { properties: Object.fromEntries(typed), observers: { "**": update }, lifetimes: { created, attached: update } };
    space.setGlobalUsingComponent(tag, space.defineComponent(definition));
  }
}

let made = 0;
const idOf = (element: HTMLElement) => (element.id ||= `wx-${++made}`);
const hear = (element: any, type: string, work: (event: any) => unknown) => element.addEventListener(type, work);
const send = (self: any, name: string, detail: object) => self.triggerEvent(name, detail, {});
/** Keeps what a control now has (and what `model:` is bound to), then tells. */
function change(self: any, data: { value?: unknown; checked?: unknown }, name = "change") {
  self.setData(data);
  send(self, name, { value: data.value ?? data.checked });
}

define("view", { hoverClass: "" }); // what is pressed shows it by :active in base.css
define("text", { userSelect: false });
define("label");
define("checkbox-group", {}, { start: (_, element) => (element.role = "group") });
define("radio-group", {}, { start: (_, element) => (element.role = "radiogroup") });
define("button", { hoverClass: "", disabled: false, loading: false }, {
  start: (_, element) => (element.type = "button"),
  sync: (element, { disabled, loading }) => Object.assign(element, { disabled, ariaBusy: loading ? "true" : null }),
});

const typing = { value: "", placeholder: "", type: "text", maxlength: 140, disabled: false, confirmType: "", autoHeight: false };
const field: About = {
  start: (self, element) => {
    hear(element, "input", () => change(self, { value: element.value }, "input"));
    hear(element, "keydown", ({ key, isComposing }) => {
      if (key === "Enter" && !isComposing && element.tagName === "INPUT") send(self, "confirm", { value: element.value });
    });
  },
  sync: (element, { value, placeholder, type, maxlength, disabled, confirmType: enterKeyHint, autoHeight }) => {
    Object.assign(element, { placeholder, disabled, enterKeyHint });
    element.inputMode = type === "number" ? "numeric" : type === "digit" ? "decimal" : "";
    element.setAttribute("maxlength", maxlength); // -1 is no number of characters, so no limit
    element.classList.toggle("wx-auto-height", autoHeight);
    if (element.value !== String(value)) element.value = value; // not while it is typed: the cursor would jump
  },
};
define("input", typing, field);
define("textarea", typing, field);

/** A box with its words: the input is inside, and the group it stands in, if any, tells what is chosen. */
const box = (type: "checkbox" | "radio", role: string | null = null): About => ({
  start: (self, element) => {
    const input = (element.inner = Object.assign(document.createElement("input"), { type, role }));
    element.prepend(input);
    hear(input, "change", () => {
      const group = element.closest(`${type}-group`);
      if (!group) return change(self, { checked: input.checked });
      const boxes = [...group.querySelectorAll("input")].map(wxElement);
      for (const one of boxes) one.setData({ checked: one.getBackendElement().inner.checked });
      const values = boxes.filter((one) => one.data.checked).map((one) => one.data.value);
      send(wxElement(group), "change", { value: type === "radio" ? values[0] : values });
    });
  },
  sync: (element, { checked, disabled }) => {
    const group = element.closest(`${type}-group`);
    Object.assign(element.inner, { checked, disabled, name: group ? idOf(group) : "" });
  },
});
define("checkbox", { value: "", checked: false, disabled: false }, box("checkbox"));
define("radio", { value: "", checked: false, disabled: false }, box("radio"));
define("switch", { checked: false, disabled: false }, box("checkbox", "switch"));

define("picker", { mode: "selector", range: [], rangeKey: "", value: null, start: "", end: "", disabled: false }, {
  start: (self, element) => hear(element, "click", () => !self.data.disabled && pick(self, element.ariaLabel || "请选择")),
  // In a label it is a field with that name and its words as the value; alone, a button called by its words.
  sync: (element, { disabled }) =>
    queueMicrotask(() => {
      const ariaLabel = element.closest("label")?.textContent.replace(element.textContent, "").trim();
      Object.assign(element, { role: "button", tabIndex: 0, ariaHasPopup: "dialog", ariaDisabled: disabled ? "true" : null });
      if (ariaLabel) Object.assign(element, { role: "combobox", ariaLabel, ariaExpanded: "false" });
    }),
});
async function pick(self: any, title: string) {
  const { mode, range, rangeKey, value, start: min, end: max } = self.data;
  if (mode === "selector") {
    const choices = range.map((one: any) => String(rangeKey ? one[rangeKey] : one));
    const answer = await ask({ title, sheet: true, choices, chosen: Number(value ?? -1) });
    if (answer) change(self, { value: answer.choice });
  } else {
    const answer = await ask({ title, choices: ["取消", "确定"], field: { type: mode, value: value ?? "", min, max } });
    if (answer?.choice && answer.value) change(self, { value: answer.value });
  }
}

// In either direction; a keyboard must be able to scroll it, too.
define("scroll-view", { scrollX: false, scrollY: false }, { start: (_, element) => (element.tabIndex = 0) });

define("navigator", { hoverClass: "", url: "", openType: "navigate" }, {
  start: (self, element) => {
    Object.assign(element, { role: "link", tabIndex: 0 });
    hear(element, "click", () => go(self.data.openType.replace(/^(navigate|redirect)$/, "$1To"), self.data));
  },
});

define("image", { src: "", mode: "scaleToFill" }, {
  start: (_, element) => element.prepend((element.inner = Object.assign(document.createElement("img"), { alt: "" }))),
  sync: (element, { src, mode }) => {
    element.dataset.mode = mode;
    Object.assign(element.inner, { src: src.replace(/^\/(?!\/)/, ""), hidden: !src }); // "/" is the package's root
  },
});
