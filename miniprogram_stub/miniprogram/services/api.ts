/** Our API, typed by its OpenAPI document (schema.d.ts): `get("/orders/{order_id}", { path: { order_id } })`. */
import type { components, paths } from "./schema";
import { Problem, send, type Sending } from "./http";
import { answered, keyOf } from "./intents";
import { spent, token } from "./session";

export { Problem };
/** A shape of the API by its name: `Shape<"Order">`. */
export type Shape<Name extends keyof components["schemas"]> = components["schemas"][Name];

type Verb = "get" | "post" | "patch";
type With<V extends Verb> = { [P in keyof paths]: paths[P][V] extends { responses: unknown } ? P : never }[keyof paths];
type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Answer<O> = O extends { responses: infer R } ? Json<R[keyof R]> : never;
type Part<O, Name extends string> = O extends { parameters: { [key in Name]?: infer T } } ? Exclude<T, undefined> : never;
type Body<O> = O extends { requestBody?: infer B } ? Json<Exclude<B, undefined>> : never;
type Needs<Name extends string, T> = [T] extends [never] ? { [key in Name]?: never } : Record<string, never> extends T ? { [key in Name]?: T } : { [key in Name]: T };
type PathPart<P extends keyof paths, O> = [Part<O, "path">] extends [never]
  ? paths[P] extends { parameters: { path: infer T } } ? { path: T } : { path?: never }
  : { path: Part<O, "path"> };
type Args<P extends keyof paths, V extends Verb> = PathPart<P, paths[P][V]> & Needs<"query", Part<paths[P][V], "query">> & Needs<"body", Body<paths[P][V]>>;
type Maybe<A, Then extends unknown[] = []> = Record<string, never> extends A ? [args?: A, ...then: Then] : [args: A, ...then: Then];

interface Asked {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: object;
}

export function get<P extends With<"get">>(path: P, ...[args]: Maybe<Args<P, "get">>): Promise<Answer<paths[P]["get"]>> {
  const asked = (args ?? {}) as Asked;
  return signedIn((bearer) => send("GET", address(path, asked), { token: bearer }));
}

/** Public pages, readable before one is anybody. */
export function look<P extends With<"get"> & `/public/${string}`>(path: P, ...[args]: Maybe<Args<P, "get">>): Promise<Answer<paths[P]["get"]>> {
  return send("GET", address(path, (args ?? {}) as Asked));
}

/** `key`: of an intent that the caller keeps itself; else it is drawn and kept here. */
export function post<P extends With<"post">>(path: P, ...[args, key]: Maybe<Args<P, "post">, [key?: string]>): Promise<Answer<paths[P]["post"]>> {
  return act("POST", path, (args ?? {}) as Asked, { key });
}

/** What anyone may say before they are anybody: nothing tells the server who it was. */
export function say<P extends With<"post"> & `/public/${string}`>(path: P, ...[args]: Maybe<Args<P, "post">>): Promise<Answer<paths[P]["post"]>> {
  return act("POST", path, (args ?? {}) as Asked, {}, (work) => work());
}

export function patch<P extends With<"patch">>(path: P, ...[args]: Maybe<Args<P, "patch">>): Promise<Answer<paths[P]["patch"]>> {
  return act("PATCH", path, (args ?? {}) as Asked);
}

/** A picture for the server: the body is the image itself. `path` as of post(). */
export async function postImage<P extends With<"post">>(path: P, file: string, args: Asked = {}): Promise<Answer<paths[P]["post"]>> {
  const body = (await read(file)) as ArrayBuffer;
  const contentType = new Uint8Array(body)[0] === 0x89 ? "image/png" : "image/jpeg";
  return act("POST", path, args, { body, contentType }, signedIn, file);
}

/** A picture of the server as a data address for `<image>`, which sends no token itself. */
export async function getImage(path: string): Promise<string> {
  const bytes = await signedIn((bearer) => send<ArrayBuffer>("GET", path, { token: bearer, binary: true }));
  return `data:image/jpeg;base64,${wx.arrayBufferToBase64(bytes)}`;
}

/** A picture that only a recorded look shows: `body` says what for. */
export async function lookAtImage(path: string, body: object): Promise<string> {
  const bytes = await signedIn((bearer) => send<ArrayBuffer>("POST", path, { token: bearer, body, binary: true }));
  return `data:image/jpeg;base64,${wx.arrayBufferToBase64(bytes)}`;
}

type As = <T>(work: (bearer?: string) => Promise<T>) => Promise<T>;

/** `intent`: what tells this act from another one at the same address. */
async function act<T>(method: "POST" | "PATCH", template: string, asked: Asked, own: Sending = {}, as: As = signedIn, intent: unknown = asked.body): Promise<T> {
  const path = address(template, asked);
  const sending = { body: asked.body ?? {}, ...own, key: own.key ?? keyOf(path, intent) };
  try {
    const answer = await as((bearer) => send<T>(method, path, { ...sending, token: bearer }));
    answered(path, intent);
    return answer;
  } catch (error) {
    if (error instanceof Problem && !error.passing) answered(path, intent);
    throw error;
  }
}

/** With a token; once more with a new one when the server says that it has ended. */
async function signedIn<T>(work: (bearer: string) => Promise<T>): Promise<T> {
  try {
    return await work(await token());
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    spent();
    return work(await token());
  }
}

function address(template: string, { path = {}, query = {} }: Asked): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const asked = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return asked.length ? `${filled}?${asked.join("&")}` : filled;
}

function read(file: string): Promise<string | ArrayBuffer> {
  return new Promise((resolve, reject) => {
    wx.getFileSystemManager().readFile({
      filePath: file,
      success: ({ data }) => resolve(data),
      fail: () => reject(new Problem(0, "unreadable", "这张照片读不出来，请重新拍一张。")),
    });
  });
}
