import { createEndpointHandler } from "@restatedev/restate-sdk";
import { hasState, knowsFunction } from "../core/activation/definition.ts";
import type { Definition } from "../core/activation/definition.ts";
import { toHex } from "../core/crypto/hex.ts";
import { ClaimedFlowNumbers } from "../core/engine/claimed-flow-numbers.ts";
import { CrashGuard } from "../core/host/crash-guard.ts";
import { HandbackError } from "../core/errors/errors.ts";
import { rootId } from "../core/message/message-id.ts";
import { WorkLog } from "../core/host/work-log.ts";
import { readOptions } from "../core/validation/options.ts";
import type { ReadOptions } from "../core/validation/options.ts";
import { guardedHost } from "../engines/embedded/host/guarded-host.ts";
import { secret } from "../engines/embedded/host/secure-random.ts";
import { Ingress } from "../engines/restate/client/ingress.ts";
import { RestateEngine } from "../engines/restate/client/restate-engine.ts";
import { CLIENT_PREFIX } from "../engines/restate/delivery/apply.ts";
import type { HostedFunctions } from "../engines/restate/delivery/functions.ts";
import { sdkLogger } from "../engines/restate/sdk-logger.ts";
import { servicesOf } from "../engines/restate/services.ts";
import type { RestateService } from "../engines/restate/services.ts";
import { writeAddressKey } from "../engines/restate/wire/address-key.ts";
import { serviceNames } from "../engines/restate/wire/recipient.ts";
import { claimProcess } from "../futures/client/claim-process.ts";
import { Client } from "../futures/client/client.ts";
import { toDeadLetter } from "../futures/client/stored/dead-letter.ts";
import type { DeadLetterReport } from "../futures/client/stored/dead-letter.ts";
import {
  isHeld,
  redrivenMessage,
  requireId,
  unregisteredTarget,
} from "../futures/client/stored/redrive.ts";
import { FLOW_VALUE } from "../futures/flow/record/flow-record.ts";
import { flowOfReplyKey, settledReply } from "../futures/flow/record/settled-reply.ts";
import type { StartFlow } from "../futures/protocol/messages.ts";
import { SYSTEM, systemAddress } from "../futures/protocol/system.ts";
import { withEgress } from "../futures/run/egress.ts";
import { defineAll } from "../futures/run/registry.ts";
import { requireUnlimited } from "../futures/run/require-unlimited.ts";
import { toFailure } from "../futures/types/failure.ts";
import { CrashMarkFile } from "../machine/crash-mark-file.ts";
import { monotonicMs } from "../machine/real-time.ts";
import { RESTATE_OPTIONS } from "./options.ts";
import type { RestateOptions } from "./options.ts";

/** Functions on a Restate cluster, with a client of the cluster. */
export interface Restate {
  readonly client: Client;
  /**
   * Answers requests of a Restate cluster: a request listener for servers of `node:http2`, and of
   * `node:http`.
   */
  readonly handler: ReturnType<typeof createEndpointHandler>;
  /** The Restate services, to bind to an endpoint beside others. */
  readonly services: readonly RestateService[];
  /**
   * Returns failed messages that no caller waits for, oldest first. `limit` is the largest number of
   * them. Default: 100.
   * @throws `CLOSED`, `CLUSTER_UNAVAILABLE`
   */
  deadLetters(limit?: number): Promise<readonly DeadLetterReport[]>;
  /**
   * Sends the message of a dead letter again, and removes the letter. The new message has the same
   * payload and `idempotencyKey`. If the letter `isHeld`, its result goes to all that wait for it;
   * otherwise the message is one-way.
   *
   * Resolves to false, and changes nothing, if the message has no input because a future in it was
   * rejected.
   * @throws `NOT_FOUND`, `UNKNOWN_FUNCTION`, `CLOSED`, `CLUSTER_UNAVAILABLE`
   */
  redrive(id: string): Promise<boolean>;
  /**
   * Deletes a dead letter. If the letter `isHeld`, all that wait for its message get the failure.
   * @throws as {@link Restate.redrive}
   */
  discard(id: string): Promise<void>;
  /** Ends the waits of the client. The cluster goes on. */
  close(): void;
}

/** Bytes of the random name of a client. */
const NAME_BYTES = 12;
/** Characters of the results in one invocation that carries on: as much as one result may have. */
const CARRIED_CHARACTERS = 8_388_608;
/** Largest result of one handler with the state of its address: Restate's 32 MiB, less the rest. */
const RESULT_LIMIT = 31_457_280;

/**
 * Runs the same functions, futures and patterns as `embedded`, on a Restate cluster. The cluster
 * keeps messages and state, and calls this program. Serve `handler`, register its address with the
 * cluster, and use `client` as usual.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_NAME`, `DUPLICATE_FUNCTION`
 * @example
 * import { createServer } from "node:http2";
 * import { fn } from "handback";
 * import { restate } from "handback/restate";
 *
 * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
 * const engine = restate({ functions: [hello], ingress: ["http://127.0.0.1:8080"] });
 * const server = createServer(engine.handler); // server.listen(9080)
 * server.close();
 * engine.close();
 */
export function restate(options: RestateOptions = {}): Restate {
  return restateWith(options, (functions) => functions);
}

/** The same, with functions that are adapted: tests slow their timers down, or watch their runs. */
export function restateWith(
  options: RestateOptions,
  adapt: (functions: HostedFunctions) => HostedFunctions,
): Restate {
  const used = guardedHost("restate", readOptions("restate", RESTATE_OPTIONS, options));
  const { application, identityKeys, clock, log, storeId = application } = used;
  const names = serviceNames(application);
  const definitions = definitionsOf(used);
  const services = servicesOf(adapt(hostedFunctions(used, definitions)));
  const clientName = toHex(secret(NAME_BYTES));
  const engine: RestateEngine = new RestateEngine({
    storeId,
    names,
    ingress: ingressOf(used),
    clock,
    flows: new ClaimedFlowNumbers(() => claimProcess(engine)),
    clientName: `${CLIENT_PREFIX}${clientName}/`,
    knows: (...asked) => knowsFunction(definitions, ...asked),
    firstOf: ({ target, control }) => {
      const { type = "", stateId } = (control ?? {}) as Partial<StartFlow>;
      const definition = definitions.get(type);
      if (used.carry === 0 || target.type !== SYSTEM.flow || definition === undefined)
        return undefined;
      if (stateId !== undefined) return writeAddressKey({ type, id: stateId });
      return hasState(definition) ? undefined : null;
    },
    replierOf: (key) => {
      const flow = flowOfReplyKey(key);
      return flow === undefined ? undefined : systemAddress("flow", flow);
    },
  });
  let handler: Restate["handler"] | undefined;
  return {
    client: new Client(engine, used.payloadLimit),
    services,
    // A program that only has clients serves nothing.
    get handler() {
      return (handler ??= createEndpointHandler({
        services: [...services],
        identityKeys: [...identityKeys],
        logger: sdkLogger(log),
      }));
    },
    redrive: async (id) => decideLetter(engine, id, await engine.nextFlow()),
    discard: async (id) => void (await decideLetter(engine, id)),
    deadLetters: async (limit = 100) => (await engine.deadLetters(limit)).map(toDeadLetter),
    close: () => engine.close(),
  };
}

/** Decides about a dead letter. Returns false if there is no message to send again. */
async function decideLetter(engine: RestateEngine, id: string, flow?: string): Promise<boolean> {
  requireId(id);
  const decided = await engine.decideLetter(id, flow);
  if (decided.outcome === "unknown function") throw unregisteredTarget(id, decided);
  if (decided.outcome === "absent")
    throw new HandbackError("NOT_FOUND", `there is no dead letter ${id}`, { details: { id } });
  return decided.outcome === "done";
}

type UsedOptions = ReadOptions<typeof RESTATE_OPTIONS>;

function ingressOf({ ingress, attemptTimeout, requestTimeout, headers }: UsedOptions): Ingress {
  return new Ingress({
    addresses: ingress,
    attemptMs: attemptTimeout,
    patienceMs: requestTimeout,
    headers,
    elapsedMs: monotonicMs,
  });
}

function definitionsOf({ functions, sinks }: UsedOptions): ReadonlyMap<string, Definition> {
  return requireUnlimited(withEgress(defineAll(functions), sinks), "Restate");
}

function hostedFunctions(
  used: UsedOptions,
  definitions: ReadonlyMap<string, Definition>,
): HostedFunctions {
  const { application, clock, log, payloadLimit, retention, ageOut, random, parkedFor, carry } =
    used;
  return {
    names: serviceNames(application),
    environment: {
      storeId: used.storeId ?? application,
      clock,
      log,
      workLog: new WorkLog(log, clock),
      payloadLimit,
      retentionMs: retention,
      ageOutMs: ageOut,
      givenAgeOutMs: used.ageOutOfGivenIds,
      random,
      secret,
      whenFailed: used.whenFailed,
      scopedCancel: false,
      knows: (...asked) => knowsFunction(definitions, ...asked),
    },
    find: (type) => definitions.get(type),
    // The secret of the store is random.
    isPure: ({ system, type }) => system && type !== SYSTEM.secret,
    describe: (error) => toFailure(error),
    standingReply: ({ type, id }, key, state) =>
      type === SYSTEM.flow && flowOfReplyKey(key) === id
        ? settledReply(id, state.read(FLOW_VALUE)?.content)
        : undefined,
    delayUntil: (instant) => instant - clock.now(),
    instantAfter: (instant, delayMs) => instant + delayMs,
    parkedForMs: parkedFor,
    carriedCalls: carry,
    carriedCharacters: CARRIED_CHARACTERS,
    letters: {
      isHeld,
      redrivenMessage: (letter, flow) => redrivenMessage(letter, rootId(flow)),
    },
    crashGuard: crashGuardOf(used),
    resultLimit: RESULT_LIMIT,
  };
}

function crashGuardOf({ crashMarks, crashLimit: limit, clock, log }: UsedOptions) {
  if (crashMarks === undefined) return undefined;
  return new CrashGuard({ marks: new CrashMarkFile(crashMarks, log), clock, limit });
}
