// Between the framework and the browser: which element a tag becomes, how attributes and styles are set, what a tap is.
import { CurrentWindowBackendContext } from "glass-easel";

/** Every built-in tag keeps its name in the document, so that WXSS selectors work as written, but for these. */
const SHOWN_BY: Record<string, string> = { switch: "input", slider: "input" };
const KEYED = new Set(["button", "link", "tab", "switch", "checkbox", "radio", "option", "combobox"]);
const EXTRA_CLASSES = 3; // a segment of the class list that templates do not write

export const builtinTags = new Set(["page"]);
let tapping = false;

/** Whether we are still in the person's own tap: what WeChat asks for before it shows the subscribe sheet. */
export const inTap = () => tapping;
export function asTap<T>(work: () => T): T {
  tapping = true;
  setTimeout(() => (tapping = false));
  return work();
}

export function wxElement(node: any): any {
  while (node && !node.__wxElement) node = node.parentNode;
  return node?.__wxElement;
}

/** `inner` is the control or the picture inside an element that WeChat knows as one. */
export function setAttribute(element: any, name: string, value: unknown) {
  const real = name === "aria-role" ? "role" : name;
  // Through the CSSOM, which a policy without 'unsafe-inline' allows.
  if (name === "style") element.style.cssText = String(value ?? "").replace(/(-?[\d.]+)rpx\b/g, "calc(100cqw / 750 * $1)");
  else if (name === "hidden") element.hidden = Boolean(value);
  else if (name.startsWith("aria-") && element.inner) setAttribute(element.inner, name, value);
  else if (name === "aria-label" && element.tagName === "IMG") element.alt = value ?? "";
  else if (value === undefined || value === null || value === "") element.removeAttribute(real);
  else Element.prototype.setAttribute.call(element, real, String(value));
  if (real === "role" && KEYED.has(String(value)) && element.tabIndex < 0) element.tabIndex = 0;
}

function createElement(tag: string) {
  // A component may be called `dialog` or `table`: it must not become one.
  const element = document.createElement(builtinTags.has(tag) ? (SHOWN_BY[tag] ?? tag) : `c-${tag}`);
  element.setAttribute = (name: string, value: string) => setAttribute(element, name, value);
  return element;
}

export class PhoneBackend extends CurrentWindowBackendContext {
  override document: any = { createElement, createTextNode: document.createTextNode.bind(document), createDocumentFragment: document.createDocumentFragment.bind(document) };

  // DOM events reach components only as the built-ins send them on, with the `detail` that WeChat gives.
  override setListenerStats() {}

  /** Replaces the framework's own touch handling: a tap is the browser's click. So the keyboard taps, too, a disabled button
   * does not, and no second, late click can hit what the tap opened. */
  _$initEvent() {
    let echo: Element | null = null;
    document.body.addEventListener("click", (event) => {
      const target = event.target as HTMLElement;
      const control = target.closest("label")?.control ?? null;
      const isEcho = echo === target; // a label's click comes a second time, from its control
      echo = control && control !== target ? control : null;
      const element = wxElement(target);
      if (isEcho || !element || target.closest("button:disabled")) return;
      const at = { x: event.clientX, y: event.clientY };
      const extraFields = { touches: [], changedTouches: [{ identifier: 0, clientX: at.x, clientY: at.y }] };
      const options = { originalEvent: event, bubbles: true, composed: true, capturePhase: true, extraFields };
      asTap(() => (this as any)._$eventListener(element, "tap", at, options));
    });
    document.body.addEventListener("keydown", (event) => {
      const target = event.target as HTMLElement;
      const isKeyed = KEYED.has(target.getAttribute("role") ?? "") && !target.matches("button, input, textarea, a");
      if (!isKeyed || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      target.click();
    });
    document.body.addEventListener("pointerdown", ({ target }) => {
      let pressed = wxElement(target);
      while (pressed && (!/\w/.test(pressed.data?.hoverClass ?? "") || pressed.data.hoverClass === "none" || pressed.data.disabled)) {
        pressed = wxElement(pressed.getBackendElement?.()?.parentNode);
      }
      if (!pressed) return;
      pressed.setNodeClass(pressed.data.hoverClass, EXTRA_CLASSES);
      for (const type of ["pointerup", "pointercancel"]) addEventListener(type, () => pressed.setNodeClass("", EXTRA_CLASSES), { once: true });
    });
  }
}
