import type { Served } from "../routes/served.ts";
import type { AzureRules } from "./azure-options.ts";
import type { Orchestrators } from "./orchestrators.ts";

/** What the routes of Azure serve. */
export interface AzureServed extends Served {
  readonly rules: AzureRules;
  readonly orchestrators: Orchestrators;
}
