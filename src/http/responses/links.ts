import type { Context } from "hono";

/** Addresses of one flow: paths, from the root of the server that was asked. */
export interface FlowLinks {
  readonly statusUrl: string;
  /** With `{name}` in the place of the event's name. */
  readonly eventUrl: string;
  readonly cancelUrl: string;
  readonly purgeUrl: string;
}

/**
 * Makes the addresses of a flow, under the path at which the app is mounted: that of the request, as it was sent, without the segments of its
 * route. Nothing that a client says of the server's name has a part in it.
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
