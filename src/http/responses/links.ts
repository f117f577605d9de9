/** URLs of one flow, as paths from the root of the server. */
export interface FlowLinks {
  readonly statusUrl: string;
  /** A template: `{name}` is replaced by the name of the event. */
  readonly eventUrl: string;
  readonly cancelUrl: string;
  readonly purgeUrl: string;
}

/** Makes the URLs of a flow under the path at which clients reach the app. */
export function linksOf(basePath: string, flow: string): FlowLinks {
  const statusUrl = `${basePath}/flows/${encodeURIComponent(flow)}`;
  return {
    statusUrl,
    eventUrl: `${statusUrl}/events/{name}`,
    cancelUrl: `${statusUrl}/cancel`,
    purgeUrl: statusUrl,
  };
}
