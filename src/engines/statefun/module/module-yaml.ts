import type { Duration } from "../../../core/validation/duration.ts";
import {
  checkedBy,
  durationMs,
  invalidOption,
  list,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import { splitTypename } from "../wire/typename.ts";

/** Options of {@link moduleYaml}. */
export interface ModuleOptions {
  /** Types of the functions that this program serves, `namespace/name`. */
  readonly functions: readonly string[];
  /** Address at which the cluster reaches this program: `http://functions:8000/statefun`. */
  readonly url: string;
  /** Number of messages for one address in a request before the task waits. Default: 1,000. */
  readonly maxBatch?: number;
  /**
   * Longest time of a request with all its retries. Then the job restarts. Longer than a batch of
   * handlers runs. Default: 2 minutes.
   */
  readonly callTimeout?: Duration;
  /** Largest answer in bytes. Default: 33,554,432. */
  readonly maxResponseBytes?: number;
}

const OPTIONS = {
  functions: list<string>("a list of function types"),
  url: checkedBy(readUrl),
  maxBatch: withDefault(1_000, wholeNumber({ from: 1 })),
  callTimeout: withDefault("2m", durationMs()),
  maxResponseBytes: withDefault(33_554_432, wholeNumber({ from: 1 })),
} satisfies OptionTable<ModuleOptions>;

/**
 * Writes the `module.yaml` by which a cluster finds the functions of this program: one endpoint for
 * each namespace, because a cluster accepts no wildcard for namespaces.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`
 */
export function moduleYaml(options: ModuleOptions): string {
  const used = readOptions("moduleYaml", OPTIONS, options);
  const namespaces = new Set(used.functions.map((type) => splitTypename(type).namespace));
  return [...namespaces]
    .toSorted()
    .map((namespace) =>
      [
        "kind: io.statefun.endpoints.v2/http",
        "spec:",
        `  functions: ${JSON.stringify(`${namespace}/*`)}`,
        `  urlPathTemplate: ${JSON.stringify(used.url)}`,
        `  maxNumBatchRequests: ${used.maxBatch}`,
        "  transport:",
        "    type: io.statefun.transports.v1/async",
        `    call: ${used.callTimeout}ms`,
        `    payload_max_bytes: ${used.maxResponseBytes}`,
        "",
      ].join("\n"),
    )
    .join("---\n");
}

function readUrl(value: unknown, name: string): string {
  if (typeof value === "string" && /^https?:\/\/[^\s{}]+$/.test(value) && URL.canParse(value))
    return value;
  throw invalidOption(name, "an http or https URL", value);
}
