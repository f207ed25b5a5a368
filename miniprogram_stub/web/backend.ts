// Between the framework and the browser: which element a tag becomes, how attributes and styles are set, what a tap is.
import { CurrentWindowBackendContext } from "glass-easel";

/** Filled by builtins.ts. Such a tag keeps its name in the document, so that WXSS selectors work as written. */
export const builtinTags = new Set(["page"]);
const KEYED = ["button", "link", "combobox"]; // roles that answer to Enter and Space

let tapping = false;
/** Whether we are still in the person's own tap: what WeChat asks for before it shows the subscribe sheet. */
export const inTap = () => tapping;

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
  if (real === "role" && KEYED.includes(String(value)) && element.tabIndex < 0) element.tabIndex = 0;
}

function createElement(tag: string) {
  // A component may be called `dialog` or `table`: it must not become one.
  const element = document.createElement(builtinTags.has(tag) ? tag : `c-${tag}`);
  element.setAttribute = (attribute: string, value: string) => setAttribute(element, attribute, value);
  return element;
}

export class PhoneBackend extends CurrentWindowBackendContext {
  override document: any = {
    createElement,
    createTextNode: (text: string) => document.createTextNode(text),
    createDocumentFragment: () => document.createDocumentFragment(),
  };

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
      const options = { originalEvent: event, bubbles: true, composed: true, capturePhase: true };
      tapping = true;
      setTimeout(() => (tapping = false));
      (this as any)._$eventListener(element, "tap", { x: event.clientX, y: event.clientY }, options);
    });
    document.body.addEventListener("keydown", (event) => {
      const target = event.target as HTMLElement;
      if (!KEYED.includes(target.getAttribute("role") ?? "") || !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      target.click();
    });
  }
}
