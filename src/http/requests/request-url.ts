/** The parts of a URL as the Fetch standard writes it: host name, and path. */
const PARTS = /^https?:\/\/(\[[^\]]*\]|[^:/?#]*)[^/?#]*([^?#]*)/;

/** Returns the host name of a request's URL, which is valid already and is not parsed again. */
export function hostnameOf(url: string): string {
  return PARTS.exec(url)?.[1] ?? new URL(url).hostname;
}

/** Returns the path of a request's URL. */
export function pathnameOf(url: string): string {
  return PARTS.exec(url)?.[2] ?? new URL(url).pathname;
}
