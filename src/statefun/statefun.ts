import { claimProcess } from "../futures/client/claim-process.ts";
import { Client } from "../futures/client/client.ts";
import { ClusterEngine } from "../engines/statefun/client/cluster-engine.ts";
import type { ClusterEgress, ClusterIngress } from "../engines/statefun/client/cluster-port.ts";
import { ClaimedFlowNumbers } from "../core/engine/claimed-flow-numbers.ts";
import { callback, objectWith, optional, readOptions } from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { guardedHost } from "../engines/embedded/host/guarded-host.ts";
import { secret } from "../engines/embedded/host/secure-random.ts";
import { toHex } from "../core/crypto/hex.ts";
import type { DeadLetterReport } from "../futures/client/stored/dead-letter.ts";
import { deadLetterReader } from "./dead-letters.ts";
import { MODULE_OPTIONS } from "./options.ts";
import type { RequestReplyOptions } from "./options.ts";
import { RemoteModule } from "./remote-module.ts";
import { faceOf } from "./request-reply.ts";
import type { RequestReply } from "./request-reply.ts";

/** Options of {@link statefun}. */
export interface StatefunOptions extends RequestReplyOptions {
  /** The way of the client's requests into the cluster. */
  readonly ingress: ClusterIngress;
  /** The way of replies out of the cluster. */
  readonly egress: ClusterEgress;
  /**
   * Egress that receives the messages that failed, as JSON. Default: the egress of replies, whose
   * readers tell them apart by the type `handback/dead-letter`.
   */
  readonly deadLetters?: string;
  /**
   * Called with each dead letter that the egress of replies commits from now on. An error that it
   * throws is logged.
   */
  readonly onDeadLetter?: (letter: DeadLetterReport) => void;
}

/** Functions on a cluster, with a client of the cluster. */
export interface Statefun extends RequestReply {
  readonly client: Client;
  /** Stops reading replies. The cluster goes on. */
  close(): void;
}

const OPTIONS = {
  ...MODULE_OPTIONS,
  ingress: objectWith<ClusterIngress>({ send: true }),
  egress: objectWith<ClusterEgress>({ receive: true }),
  onDeadLetter: optional(callback<NonNullable<StatefunOptions["onDeadLetter"]>>()),
} satisfies OptionTable<StatefunOptions>;

/** Bytes of the random name of a client. */
const NAME_BYTES = 12;

/**
 * Runs the same functions, futures and patterns as `embedded`, on a Stateful Functions cluster. The
 * cluster keeps messages and state. Serve `fetch`, `node` or `handle`, and use `client` as usual.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_NAME`, `DUPLICATE_FUNCTION`
 * @example
 * import { fn } from "handback";
 * import { statefun } from "handback/statefun";
 * import type { ClusterEgress, ClusterIngress } from "handback/statefun";
 *
 * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
 *
 * export const serve = (ingress: ClusterIngress, egress: ClusterEgress) =>
 *   statefun({ functions: [hello], ingress, egress });
 */
export function statefun(options: StatefunOptions): Statefun {
  const used = guardedHost("statefun", readOptions("statefun", OPTIONS, options));
  const { ingress, egress, storeId, clock, log, onDeadLetter } = used;
  const module = new RemoteModule(
    { ...used, deadLetters: used.deadLetters ?? egress.type },
    egress.type,
  );
  const engine: ClusterEngine = new ClusterEngine({
    storeId,
    ingress,
    egress,
    clock,
    flows: new ClaimedFlowNumbers(() => claimProcess(engine)),
    clientName: `${toHex(secret(NAME_BYTES))}/`,
    knows: (...asked) => module.knows(...asked),
    log,
    onOther: onDeadLetter && deadLetterReader(onDeadLetter, log),
  });
  return Object.assign(faceOf(module), {
    client: new Client(engine, used.payloadLimit),
    close: () => engine.close(),
  });
}
