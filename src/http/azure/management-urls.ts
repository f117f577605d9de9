import type { Context } from "hono";
import { mountPathOf } from "../requests/mount-path.ts";
import type { AzureRules } from "./azure-options.ts";

/** The path of all routes but one, as the Functions runtime has it. */
export const WEBHOOKS = "/runtime/webhooks/durabletask";

/** The URLs of one instance, with the names that Durable Functions gives them. */
export interface ManagementUrls {
  readonly id: string;
  readonly statusQueryGetUri: string;
  /** A template: `{eventName}` is replaced by the name of the event. */
  readonly sendEventPostUri: string;
  /** Templates: `{text}` is replaced by the reason. */
  readonly terminatePostUri: string;
  readonly rewindPostUri: string;
  readonly suspendPostUri: string;
  readonly resumePostUri: string;
  readonly purgeHistoryDeleteUri: string;
  readonly restartPostUri: string;
}

/**
 * Makes the URLs of an instance. Clients of Durable Functions append parameters to them with `&`, so
 * each has a query.
 */
export function managementUrls(base: string, id: string, code: string | undefined): ManagementUrls {
  const instance = `${base}${WEBHOOKS}/instances/${encodeURIComponent(id)}`;
  const key = code === undefined ? "" : `&code=${encodeURIComponent(code)}`;
  const query = `taskHub=Handback&connection=Storage${key}`;
  const withReason = (action: string): string => `${instance}/${action}?reason={text}&${query}`;
  return {
    id,
    statusQueryGetUri: `${instance}?${query}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: withReason("terminate"),
    rewindPostUri: withReason("rewind"),
    suspendPostUri: withReason("suspend"),
    resumePostUri: withReason("resume"),
    purgeHistoryDeleteUri: `${instance}?${query}`,
    restartPostUri: `${instance}/restart?${query}`,
  };
}

/** Returns the URL at which clients reach the app. The route of the request has so many segments. */
export function baseUrlOf(c: Context, { baseUrl }: AzureRules, segments: number): string {
  return baseUrl ?? `${new URL(c.req.url).origin}${mountPathOf(c, segments)}`;
}
