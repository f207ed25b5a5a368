/** Where the backend is, for phones and DevTools: put your own here, and register it as a request domain (README). */
const SERVER = "https://anlin.example.com";

interface Host {
  host?: { env?: string };
}

/** In a browser the app lies beside the API (web/wx.ts says that it is one). */
export const API = `${(wx.getAppBaseInfo() as Host).host?.env === "browser" ? "" : SERVER}/api/v1`;

/** Shown on the first page until somebody has a home or has chosen a place: the community this was first made for. */
export const FIRST_PLACE = "420112004007";

/** The city's public line, answered day and night: for whoever would rather talk to a person. */
export const HOTLINE = "12345";
