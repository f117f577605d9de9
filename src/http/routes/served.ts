import type { Client } from "../../futures/client/client.ts";
import type { HttpRules } from "./options.ts";
import type { Exposed } from "../requests/exposed-functions.ts";
import type { BodyLimits } from "../requests/json-body.ts";
import type { Waits } from "../waiting/waits.ts";

/** What the routes of an app serve: the client, the rules, the functions, the shared limits. */
export interface Served {
  readonly client: Client;
  readonly rules: HttpRules;
  readonly exposed: Exposed;
  readonly waits: Waits;
  readonly bodies: BodyLimits;
}
