// Starts the mini-program: the framework's spaces, the globals that its code expects, then the app and its first page.
import * as glassEasel from "glass-easel";
import { MiniProgramEnv } from "glass-easel-miniprogram-adapter";
import { PhoneBackend, setAttribute } from "./backend";
import { registerBuiltins } from "./builtins";
import { pages, startRouter, tell, top, typed } from "./router";
import { begin } from "./site";
import * as api from "./wx";

/** What crosses to the phone's screen is JSON: anything else is lost on the way there, so it is refused here. */
function asJson(data: object) {
  JSON.stringify(data, function (this: any, key, value) {
    const kind = Object.prototype.toString.call(this[key]).slice(8, -1);
    if (/^(Null|String|Boolean|Object|Array)$/.test(kind) || Number.isFinite(value)) return value;
    throw new Error(`setData: "${key}" is ${kind === "Number" ? value : kind}, which is not JSON`);
  });
  return data;
}

/** Attributes that every tag takes, though no component declares them: the framework asks for them as for outside classes. */
const ATTRIBUTE = /^(aria-[a-z]+|hidden)$/;

function patchFramework() {
  const proto = glassEasel.Component.prototype as any;
  const { setData, hasExternalClass, setExternalClass } = proto;
  Object.assign(proto, {
    // A page that was left while it loaded has no element any more, and takes nothing.
    setData(this: any, data: object) { return this.getBackendElement() && setData.call(this, asJson(data)); },
    hasExternalClass(name: string) { return ATTRIBUTE.test(name) || hasExternalClass.call(this, name); },
    setExternalClass(this: any, name: string, value: unknown) {
      if (ATTRIBUTE.test(name)) this.getBackendElement() && setAttribute(this.getBackendElement(), name, value);
      else setExternalClass.call(this, name, value);
    },
  });
  glassEasel.addGlobalWarningListener((message) => console.warn(message));
}

function register(space: any, { path, isPage, using, scope, load }: any, templates: any) {
  const about: any = { usingComponents: using, component: !isPage };
  space.addComponentStaticConfig(path, about);
  space.addCompiledTemplate(path, { groupList: templates, content: templates[path] });
  space.addStyleSheet(path, undefined, scope);
  space.componentEnv(path, ({ Page, Component, Behavior }: any) => {
    // Pages keep plain class names, so that app.wxss and their own reach them; components get names of their own.
    const scoped = (definition: any) => {
      if (definition.options?.addGlobalClass) about.styleIsolation = "apply-shared";
      Component(definition);
    };
    Object.assign(globalThis, { Page, Behavior, Component: scoped });
    load();
  });
}

export function boot(given: any) {
  const site = begin(given);
  patchFramework();
  let app: any;
  const App = (definition: object) => (app = definition);
  Object.assign(globalThis, { wx: { ...api }, App, getApp: () => app, getCurrentPages: pages });
  const env = new MiniProgramEnv();
  const space = env.createCodeSpace("", true);
  registerBuiltins(space.getComponentSpace());
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
  const entered = typed();
  app.onLaunch?.(entered);
  app.onShow?.(entered);
  startRouter(create);
  document.addEventListener("visibilitychange", () => {
    app[document.hidden ? "onHide" : "onShow"]?.(entered);
    tell(top(), document.hidden ? "hide" : "show");
  });
}
