/** Where the backend is. DevTools and phones need a whole address (https, registered as a request domain); the browser host
 * serves the app beside the API. */
export const API = "/api/v1";

/** Shown on the first page until somebody has a home or has chosen a place: the community this was first made for. */
export const FIRST_PLACE = "420112004007";

/** The city's public line, answered day and night: for whoever would rather talk to a person. */
export const HOTLINE = "12345";
