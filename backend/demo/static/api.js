// Talking to the API: the sign-in, the Idempotency-Key of each intent, refusals as the server words them.

const STORE = "anlin.session";
const PATIENCE_MS = 10_000;
const pending = new Map(); // intent -> key, kept until the server has decided
let session = JSON.parse(sessionStorage.getItem(STORE) ?? "null");
let renewing = null;

/** A refusal. `problem` is the server's own (RFC 9457), or one of ours when it could not be reached. */
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export const signedIn = () => session !== null;

export async function signIn(name) {
  keep(await decided(await send("POST", "/sessions", { body: JSON.stringify({ code: `console-${name}` }) })));
}

export async function signOut() {
  const body = session && JSON.stringify({ refresh_token: session.refresh_token });
  keep(null);
  if (body) await send("POST", "/sessions/end", { body }).catch(() => {});
}

export const get = async (path, query = {}) => {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return decided(await signed("GET", given.length ? `${path}?${new URLSearchParams(given)}` : path));
};

/** A file, as the server made it: a sheet to print, a statement. */
export async function file(path, query = {}) {
  const response = await signed("GET", `${path}?${new URLSearchParams(query)}`);
  return response.ok ? response.blob() : decided(response);
}

/** A picture that only a recorded look may show. */
export async function look(path, content) {
  const response = await signed("POST", path, { body: JSON.stringify(content) });
  return response.ok ? response.blob() : decided(response);
}

/** Not for everyone who may see the rest: missing is an answer here. */
export const missing = (asked) => asked.catch((error) => {
  if (["not_found", "forbidden"].includes(error.problem?.code)) return null;
  throw error;
});

/** A photo: the body is the image itself. */
export const upload = async (path, photo) => decided(await signed("POST", path, { body: photo, type: photo.type, key: newKey() }));

/** Every item of a list, page after page. */
export async function all(path, query = {}) {
  const items = [];
  let after = null;
  do {
    const page = await get(path, { ...query, limit: 100, after });
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

/** One intent, one key: tapped again after silence, the same key goes out and nothing happens twice. */
export async function post(path, content = {}) {
  const body = JSON.stringify(content);
  const intent = `${path} ${body}`;
  if (!pending.has(intent)) pending.set(intent, newKey());
  const response = await signed("POST", path, { body, key: pending.get(intent) });
  try {
    const answer = await decided(response);
    pending.delete(intent);
    return answer;
  } catch (error) {
    if (response.status < 500 && error.problem?.code !== "in_flight") pending.delete(intent);
    throw error;
  }
}

async function signed(method, path, options = {}) {
  const response = await send(method, path, options);
  if (response.status !== 401 || !session) return response;
  renewing ??= renew().finally(() => { renewing = null; });
  await renewing;
  return send(method, path, options);
}

async function renew() {
  const body = JSON.stringify({ refresh_token: session.refresh_token });
  const response = await send("POST", "/sessions/refresh", { body });
  if (response.ok) return keep(await response.json());
  if (response.status === 401) keep(null); // busy or too often: the session is still good
  return decided(response);
}

async function send(method, path, { body, key, type = "application/json" } = {}) {
  const headers = {};
  if (session) headers.Authorization = `Bearer ${session.access_token}`;
  if (body) headers["Content-Type"] = type;
  if (key) headers["Idempotency-Key"] = key;
  try {
    return await fetch(`/api/v1${path}`, { method, body, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Refused({ code: "unreachable", detail: "网络不通，内容没有丢，请再点一次。" });
  }
}

async function decided(response) {
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({ code: "unreadable", detail: "系统的回答看不懂，请稍后再试。" }));
  if (!response.ok) throw new Refused(answer);
  return answer;
}

function keep(tokens) {
  session = tokens;
  if (tokens) sessionStorage.setItem(STORE, JSON.stringify(tokens));
  else sessionStorage.removeItem(STORE);
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
