import { CANCELLATION } from "./mutations/cancellation.ts";
import { COMMIT } from "./mutations/commit.ts";
import { DAMAGE } from "./mutations/damage.ts";
import { AGEING } from "./mutations/deploy/ageing.ts";
import { KEPT_EVENTS_AND_KEYS } from "./mutations/deploy/kept-events.ts";
import { MIGRATIONS } from "./mutations/deploy/migration.ts";
import { COPIES_OF_THE_PACKAGE } from "./mutations/host/copies.ts";
import { RENAMED } from "./mutations/deploy/renames.ts";
import { DECLARATIONS } from "./mutations/host/typescript.ts";
import { FAKED_TIME } from "./mutations/host/fake-timers.ts";
import { HANDLER } from "./mutations/handler.ts";
import { APPROVAL_PAGES } from "./mutations/http/approval-pages.ts";
import { AZURE_ROUTES } from "./mutations/http/azure.ts";
import { HTTP_CLIENT } from "./mutations/http/client.ts";
import { INSPECTOR } from "./mutations/http/inspector.ts";
import { COMMAND_LINE } from "./mutations/http/command-line.ts";
import { OVER_HTTP } from "./mutations/http/server.ts";
import { JOURNAL } from "./mutations/store/journal.ts";
import { BILLING, LIVENESS } from "./mutations/liveness.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { OPERATING } from "./mutations/operating.ts";
import { PATTERNS } from "./mutations/patterns.ts";
import { POISON } from "./mutations/poison.ts";
import { REPAIR } from "./mutations/repair/paused-calls.ts";
import { PAUSES } from "./mutations/repair/pauses.ts";
import { GIVEN_AGE_OUT } from "./mutations/deploy/given-age-out.ts";
import { RESTARTS } from "./mutations/repair/restarts.ts";
import { SETTLEMENT } from "./mutations/settlement.ts";
import { SHIELDING } from "./mutations/shielding.ts";
import { KAFKA } from "./mutations/statefun/kafka.ts";
import { LIMITED } from "./mutations/statefun/limits.ts";
import { REPEATED_REQUESTS } from "./mutations/statefun/repeated-requests.ts";
import { STATEFUN_REQUESTS } from "./mutations/statefun/requests.ts";
import { BACKUPS_OF_STORES } from "./mutations/store/backups.ts";
import { FLOW_INDEX } from "./mutations/store/flow-index.ts";
import { MISSING_LOGS } from "./mutations/store/missing-log.ts";
import { FUNCTION_LIMITS } from "./mutations/host/function-limits.ts";
import { LOGS } from "./mutations/host/logs.ts";
import { CLUSTER } from "./mutations/host/cluster.ts";
import { RESTATE } from "./mutations/host/restate.ts";
import { STORE_OWNERSHIP } from "./mutations/store/ownership.ts";
import { STORE_REALMS } from "./mutations/store/realms.ts";
import { TIMER } from "./mutations/timer.ts";
import { VALUES } from "./mutations/values/values.ts";
import { WAITING_PATTERNS } from "./mutations/waiting-patterns.ts";

/** The code behind the guarantees, broken one piece at a time. */
export const MUTATIONS: readonly Mutation[] = [
  ...COMMIT,
  ...HANDLER,
  ...SETTLEMENT,
  ...TIMER,
  ...CANCELLATION,
  ...SHIELDING,
  ...JOURNAL,
  ...LIVENESS,
  ...BILLING,
  ...OPERATING,
  ...LOGS,
  ...FUNCTION_LIMITS,
  ...PATTERNS,
  ...WAITING_PATTERNS,
  ...OVER_HTTP,
  ...APPROVAL_PAGES,
  ...AZURE_ROUTES,
  ...HTTP_CLIENT,
  ...INSPECTOR,
  ...COMMAND_LINE,
  ...POISON,
  ...REPAIR,
  ...PAUSES,
  ...RESTARTS,
  ...GIVEN_AGE_OUT,
  ...DAMAGE,
  ...MIGRATIONS,
  ...KEPT_EVENTS_AND_KEYS,
  ...AGEING,
  ...STORE_REALMS,
  ...STORE_OWNERSHIP,
  ...MISSING_LOGS,
  ...BACKUPS_OF_STORES,
  ...FLOW_INDEX,
  ...COPIES_OF_THE_PACKAGE,
  ...FAKED_TIME,
  ...DECLARATIONS,
  ...VALUES,
  ...KAFKA,
  ...LIMITED,
  ...REPEATED_REQUESTS,
  ...STATEFUN_REQUESTS,
  ...RENAMED,
  ...CLUSTER,
  ...RESTATE,
];
