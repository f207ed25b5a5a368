/** One request over wx.request. What the server refuses is a Problem with its words; what never arrived is one, too. */
import { heardTime } from "./clock";
import { API } from "./config";

/** A refusal (RFC 9457) as the server words it. `status` 0: no answer came, and nobody knows whether it was done. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: { field: string; detail: string }[] = [],
    readonly more: Record<string, unknown> = {},
  ) {
    super(detail);
  }

  /** Whether the same request may come to another end: the key of its intent is then kept. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500 || this.code === "in_flight";
  }
}

/** What never arrived. A request with a key changes something, and may have: whoever sends it anew in other words would
 * have it twice. */
export function noAnswer(acted = false): Problem {
  const detail = acted ? "没有收到答复，可能已经办成。请先看看是不是已经有了，再试一次。" : "网络不通，请检查网络后再试一次。";
  return new Problem(0, "no_answer", detail);
}

export interface Sending {
  token?: string;
  key?: string;
  body?: object | ArrayBuffer;
  contentType?: string;
  binary?: boolean;
}

const TIMEOUT_MS = 10_000;

export function send<T>(method: "GET" | "POST" | "PATCH", path: string, { token, key, body, contentType, binary }: Sending = {}): Promise<T> {
  const header: Record<string, string> = { "Content-Type": contentType ?? "application/json" };
  if (token) header.Authorization = `Bearer ${token}`;
  if (key) header["Idempotency-Key"] = key;
  // WeChat sends no PATCH: the server takes a POST that says it is one.
  if (method === "PATCH") header["X-HTTP-Method-Override"] = method;
  return new Promise((resolve, reject) => {
    wx.request({
      url: API + path,
      method: method === "GET" ? "GET" : "POST",
      header,
      data: body instanceof ArrayBuffer || body === undefined ? body : JSON.stringify(body),
      responseType: binary ? "arraybuffer" : "text",
      timeout: TIMEOUT_MS,
      success: ({ statusCode, data, header: answered }) => {
        heardTime(answered.Date ?? answered.date);
        if (statusCode < 400) resolve(data as T);
        else reject(problem(statusCode, data));
      },
      fail: () => reject(noAnswer(!!key)),
    });
  });
}

function problem(status: number, data: unknown): Problem {
  const told = data instanceof ArrayBuffer ? readable(data) : data;
  const said = (typeof told === "object" && told !== null ? told : {}) as Partial<Problem> & Record<string, unknown>;
  return new Problem(status, said.code ?? "unknown", said.detail ?? "系统暂时不能答复，请稍后再试。", said.errors, said);
}

/** Who asked for a picture is refused in bytes, too. */
function readable(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(decodeURIComponent(Array.from(new Uint8Array(bytes), (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")));
  } catch {
    return null;
  }
}
