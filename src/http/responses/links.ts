import type { Context } from "hono";

/** URLs of one flow, as paths from the root of the server. */
export interface FlowLinks {
  readonly statusUrl: string;
  /** A template: `{name}` is replaced by the name of the event. */
  readonly eventUrl: string;
  readonly cancelUrl: string;
  readonly purgeUrl: string;
}

/**
 * Makes the URLs of a flow under the path at which the app is mounted. This is the path of the
 * request as sent, without the segments of its route. Host names sent by clients are not used.
 */
export function linksOf(c: Context, flow: string, segments: number): FlowLinks {
  const base = new URL(c.req.url).pathname.split("/").slice(0, -segments).join("/");
  const statusUrl = `${base}/flows/${encodeURIComponent(flow)}`;
  return {
    statusUrl,
    eventUrl: `${statusUrl}/events/{name}`,
    cancelUrl: `${statusUrl}/cancel`,
    purgeUrl: statusUrl,
  };
}
