/** Silent sign-in: WeChat's code for our tokens, at the first request that needs them. Nothing is asked of anybody. */
import { noAnswer, Problem, send } from "./http";

interface Tokens {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}

const KEPT = "session";
let pending: Promise<string> | null = null;

/** The access token; signs in or renews where needed. One sign-in at a time, whoever asks. */
export function token(): Promise<string> {
  const kept = wx.getStorageSync(KEPT) as (Tokens & { until: number }) | "";
  if (kept && kept.until > Date.now()) return Promise.resolve(kept.access_token);
  pending ??= (kept ? renew(kept.refresh_token) : signIn()).finally(() => {
    pending = null;
  });
  return pending;
}

/** Forget an access token that the server no longer takes; the next `token()` renews it. */
export function spent(): void {
  const kept = wx.getStorageSync(KEPT) as Tokens | "";
  if (kept) wx.setStorageSync(KEPT, { ...kept, until: 0 });
}

async function renew(refreshToken: string): Promise<string> {
  try {
    return keep(await send<Tokens>("POST", "/sessions/refresh", { body: { refresh_token: refreshToken } }));
  } catch (error) {
    if (error instanceof Problem && error.status >= 400 && error.status < 500) return signIn();
    throw error;
  }
}

async function signIn(): Promise<string> {
  const { code } = await wx.login().catch(() => Promise.reject(noAnswer())); // WeChat asks its own server for it
  return keep(await send<Tokens>("POST", "/sessions", { body: { code } }));
}

function keep(tokens: Tokens): string {
  // A minute early: a token that ends on the way is a request twice.
  wx.setStorageSync(KEPT, { ...tokens, until: Date.now() + (tokens.expires_in - 60) * 1000 });
  return tokens.access_token;
}
