// Starts the mini-program: the framework's spaces, the globals that its code expects, then the app and its first page.
import * as glassEasel from "glass-easel";
import { MiniProgramEnv } from "glass-easel-miniprogram-adapter";
import { PhoneBackend, setAttribute } from "./backend";
import { registerBuiltins } from "./builtins";
import { call, pages, startRouter, top } from "./router";
import { begin } from "./site";
import * as api from "./wx";

/** What crosses to the phone's screen is JSON: anything else is lost on the way there, so it is refused here. */
function assertJson(value: any, path: string): void {
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (["Null", "String", "Boolean"].includes(kind) || Number.isFinite(value)) return;
  if (kind !== "Object" && kind !== "Array") throw new Error(`setData: "${path}" is ${kind === "Number" ? value : kind}, which is not JSON`);
  for (const [key, inner] of Object.entries(value)) assertJson(inner, kind === "Array" ? `${path}[${key}]` : path ? `${path}.${key}` : key);
}

/** Attributes that every tag takes, though no component declares them: the framework asks for them as for outside classes. */
const ATTRIBUTE = /^(aria-[a-z]+|role|tabindex|hidden)$/;

function patchFramework() {
  const proto = glassEasel.Component.prototype as any;
  const { setData, hasExternalClass, setExternalClass } = proto;
  Object.assign(proto, {
    setData(data: object) { assertJson(data ?? {}, ""); return setData.call(this, data); },
    hasExternalClass(name: string) { return ATTRIBUTE.test(name) || hasExternalClass.call(this, name); },
    setExternalClass(this: any, name: string, value: unknown) {
      if (!ATTRIBUTE.test(name)) return setExternalClass.call(this, name, value);
      const element = this.getBackendElement();
      if (element) setAttribute(element, name, value);
    },
  });
  glassEasel.addGlobalWarningListener((message) => console.warn(message));
}

function register(space: any, { path, isPage, config, using, scope, load }: any, templates: any) {
  // Pages keep plain class names, so that app.wxss and their own reach them; components get names of their own.
  const about = { ...config, usingComponents: using, component: !isPage };
  space.addComponentStaticConfig(path, about);
  space.addCompiledTemplate(path, { groupList: templates, content: templates[path] });
  space.addStyleSheet(path, undefined, scope);
  space.componentEnv(path, ({ Page, Component, Behavior }: any) => {
    const withOptions = (definition: any) => {
      const { addGlobalClass, styleIsolation = "" } = definition.options ?? {};
      if (!isPage && (addGlobalClass || styleIsolation.includes("shared"))) about.styleIsolation = "apply-shared";
      Component(definition);
    };
    Object.assign(globalThis, { Page, Behavior, Component: withOptions });
    load();
  });
}

export function boot(given: any) {
  const site = begin(given);
  patchFramework();
  let app: any = {};
  Object.assign(globalThis, { wx: { ...api }, App: (definition: object) => (app = definition), getApp: () => app, getCurrentPages: pages });
  const env = new MiniProgramEnv();
  const space = env.createCodeSpace("", true);
  const components = space.getComponentSpace();
  registerBuiltins(components);
  // The framework leaves `ready` to its host: after everything that is attached together with the component.
  const ready = { attached(this: any) { queueMicrotask(() => this._$.triggerLifetime("ready", [])); } };
  space.setOverallBehavior(components.defineBehavior({ lifetimes: ready }) as any);
  site.load();
  for (const unit of site.units) register(space, unit, site.templates);

  const backend = new PhoneBackend();
  backend.onEvent(glassEasel.Event.triggerEvent as any);
  const associated = env.associateBackend(backend);
  const create = (url: string, parent: any) => {
    const root = associated.createRoot("page", space, url);
    root.attach(parent, parent.appendChild(document.createElement("i")));
    return root;
  };
  const options = api.getLaunchOptionsSync();
  call(app, "onLaunch", options);
  call(app, "onShow", options);
  startRouter(create, app);
  document.addEventListener("visibilitychange", () => {
    const [name, lifetime] = document.hidden ? ["onHide", "hide"] : ["onShow", "show"];
    call(app, name, options);
    call(top().page, name);
    top().root.getComponent().triggerPageLifetime(lifetime, []);
    document.dispatchEvent(new Event(`wx-${lifetime}`)); // wx.onAppShow, wx.onAppHide
  });
}
