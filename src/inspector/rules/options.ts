import {
  callback,
  checkedBy,
  flag,
  invalidOption,
  list,
  objectWith,
  optional,
  readOptions,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { Clock } from "../../core/host/clock.ts";
import type { FieldsFirstLog } from "../../core/host/fields-first-log.ts";
import { guardedLog } from "../../core/host/guarded-log.ts";
import { CLOCK_METHODS } from "../../core/host/host-methods.ts";
import { logOption } from "../../core/host/log-option.ts";
import type { Log } from "../../core/host/log.ts";
import { checkedClock } from "../../engines/embedded/host/checked-clock.ts";
import { consoleLog } from "../../engines/embedded/host/console-log.ts";
import { systemClock } from "../../engines/embedded/host/system-clock.ts";
import type { Embedded } from "../../embedded.ts";
import type { Client } from "../../futures/client/client.ts";
import { readHosts } from "../../http/requests/allowed-hosts.ts";
import { readBasePath } from "../../http/routes/options.ts";
import type { Audit, AuthorizeInspection } from "./inspection.ts";

/**
 * The parts of an engine that the inspector shows. Only `client` is needed. An engine of `embedded`
 * has all of them.
 */
export type InspectedEngine = Pick<Embedded, "client"> &
  Partial<Pick<Embedded, "redrive" | "discard" | "meter" | "backlog" | "unregistered" | "stats">>;

/** Options of `inspector`. */
export interface InspectorOptions {
  /** The engine: that of `embedded`, or any object with a `client`. */
  readonly engine: InspectedEngine;
  /** The functions to show: their states, their approvals and their bills. Default: none. */
  readonly functions?: readonly object[];
  /** Shows everything and changes nothing. Default: false. */
  readonly readOnly?: boolean;
  /**
   * A token that every request needs: a browser asks for it as a password, with any user name, and a
   * program sends it as a bearer token. Take a long random text. Default: none.
   */
  readonly token?: string;
  /**
   * Is called for every request. `true`, or the name of the person, allows it. `false` is answered
   * with 403, and a Response is sent as it is. Default: none.
   */
  readonly authorize?: AuthorizeInspection;
  /** Is called before an action is carried out. If it throws, the action is not carried out. */
  readonly audit?: Audit;
  /**
   * Hosts under which the inspector answers, such as `ops.example`, or `"any"`. Default: with `token`
   * or `authorize` any; else `localhost`, `127.0.0.1` and `[::1]`, and only for requests that come
   * from this machine.
   */
  readonly hosts?: readonly string[] | "any";
  /** Path at which browsers reach the inspector, such as `/inspector`. Default: that of the request. */
  readonly basePath?: string;
  /** Log for failed requests. Default: warnings and errors go to `console`. */
  readonly log?: Log | FieldsFirstLog;
  /** Clock for ages. Default: the system clock. */
  readonly clock?: Clock;
}

const OPTIONS = {
  engine: checkedBy<InspectedEngine>(readEngine),
  functions: withDefault([], list<object>()),
  readOnly: withDefault(false, flag()),
  token: optional(checkedBy<string>(readToken)),
  authorize: optional(callback<AuthorizeInspection>()),
  audit: optional(callback<Audit>()),
  hosts: optional(checkedBy(readHosts)),
  basePath: optional(checkedBy<string>(readBasePath)),
  log: withDefault(consoleLog, logOption),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
} satisfies OptionTable<InspectorOptions>;

/** The rules of an inspector, made from its options. */
export type InspectorRules = ReturnType<typeof inspectorRules>;

/** Checks the options. @throws `INVALID_OPTIONS` */
export function inspectorRules(options: InspectorOptions) {
  const rules = readOptions("inspector", OPTIONS, options);
  const log = guardedLog(rules.log, () => undefined);
  const clock = checkedClock("inspector", rules.clock, (fault) => log.error(`the clock: ${fault}`));
  return { ...rules, log, clock };
}

function readEngine(value: unknown, name: string): InspectedEngine {
  const { client } = (value ?? {}) as { readonly client?: Partial<Client> };
  if (typeof client?.flows === "function") return value as InspectedEngine;
  throw invalidOption(name, "an engine, or an object with its client", value);
}

/** Reads the token. The error never shows it. */
function readToken(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidOption(name, "a text that is not empty", typeof value);
}
