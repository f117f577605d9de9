import { splitTypename } from "../wire/typename.ts";

/** The endpoints at which a cluster reaches the functions of a program. */
export interface Endpoints {
  /** Types of the functions, `namespace/name`. */
  readonly functions: readonly string[];
  readonly url: string;
  readonly maxBatch: number;
  readonly callTimeoutMs: number;
  readonly maxResponseBytes: number;
}

/**
 * Writes the endpoints, as documents of a `module.yaml`: one for each namespace, because a cluster
 * accepts no wildcard for namespaces.
 */
export function endpointComponents(endpoints: Endpoints): readonly string[] {
  const { functions, url, maxBatch, callTimeoutMs, maxResponseBytes } = endpoints;
  const namespaces = new Set(functions.map((type) => splitTypename(type).namespace));
  return [...namespaces]
    .toSorted()
    .map((namespace) =>
      [
        "kind: io.statefun.endpoints.v2/http",
        "spec:",
        `  functions: ${JSON.stringify(`${namespace}/*`)}`,
        `  urlPathTemplate: ${JSON.stringify(url)}`,
        `  maxNumBatchRequests: ${maxBatch}`,
        "  transport:",
        "    type: io.statefun.transports.v1/async",
        `    call: ${callTimeoutMs}ms`,
        `    payload_max_bytes: ${maxResponseBytes}`,
        "",
      ].join("\n"),
    );
}
