import { formatAddress } from "../../../core/message/address.ts";
import { sharedByCopies } from "../../../core/data/shared-by-copies.ts";
import { noteWork } from "../../../core/activation/work-note.ts";
import { inWords, logFacts } from "../../../core/errors/log-facts.ts";
import { currentActivation } from "./current-activation.ts";
import { setImmediate } from "../../../machine/real-time.ts";

/*
 * Rejections of promises that a handler started and did not await. Node would end the process, and
 * with it all other work. Instead, each is logged with the address of its handler, and the process
 * continues.
 *
 * DR1 Only rejections that a handler caused are caught. Node treats all others as if this listener
 *     did not exist.
 * DR2 One listener is installed while an engine is open, and only then, however many copies of the
 *     package the process has loaded. Two would each take the other for the program's own.
 */

/** The number of open engines of this copy of the package. */
let watchers = 0;

/** The object that the copies of the package share in a process. */
interface RejectionWatch {
  /** One for each copy with an open engine. Returns whether a handler of that copy is the cause. */
  readonly reporters: Set<(reason: unknown) => boolean>;
  readonly listener: (reason: unknown) => void;
}

/**
 * Installs the listener and returns a function that removes it. A second call of that function does
 * nothing.
 */
export function watchUnhandledRejections(): () => void {
  if (watchers++ === 0) addReporter(rejectionWatch());
  let watching = true;
  return () => {
    if (watching && --watchers === 0) removeReporter(rejectionWatch());
    watching = false;
  };
}

function rejectionWatch(): RejectionWatch {
  return sharedByCopies(process, "unhandledRejections", () => {
    const foreign: unknown[] = [];
    const watch: RejectionWatch = {
      reporters: new Set(),
      listener: (reason) => {
        for (const report of watch.reporters) if (report(reason)) return;
        if (!wouldNodeAct() || foreign.push(reason) > 1) return;
        // After all rejections of this turn, so that they keep their order.
        void Promise.resolve().then(() => leaveToNode(watch, foreign.splice(0)));
      },
    };
    return watch;
  });
}

function addReporter({ reporters, listener }: RejectionWatch): void {
  // In this mode Node has raised an exception before it calls a listener.
  const isLate = rejectionMode() === "strict";
  if (reporters.size === 0 && !isLate) process.on("unhandledRejection", listener);
  reporters.add(reportRejection);
}

function removeReporter({ reporters, listener }: RejectionWatch): void {
  reporters.delete(reportRejection);
  if (reporters.size === 0) process.off("unhandledRejection", listener);
}

function reportRejection(reason: unknown): boolean {
  const activation = currentActivation();
  if (activation === undefined) return false;
  const address = formatAddress(activation.address);
  const facts = logFacts(reason);
  noteWork(activation.environment, {
    level: "error",
    event: "detachedRejection",
    subject: activation.address.type,
    message: `a promise that a handler of ${address} did not wait for was rejected: ${inWords(facts)}`,
    fields: { address, ...facts },
  });
  return true;
}

/** Returns whether Node would act if this listener did not exist. In some modes it acts anyway. */
function wouldNodeAct(): boolean {
  const isAlone = process.listenerCount("unhandledRejection") === 1;
  return isAlone && ["throw", "warn-with-error-codes"].includes(rejectionMode());
}

/** Rejects again without the listener, so that Node reports the rejections. */
function leaveToNode({ reporters, listener }: RejectionWatch, reasons: readonly unknown[]): void {
  process.off("unhandledRejection", listener);
  for (const reason of reasons) void Promise.reject(reason);
  setImmediate(() => {
    process.off("unhandledRejection", listener);
    if (reporters.size > 0) process.on("unhandledRejection", listener);
  });
}

/**
 * Returns Node's mode for unhandled rejections. The command line counts more than `NODE_OPTIONS`.
 */
function rejectionMode(): string {
  const options = `${process.env["NODE_OPTIONS"] ?? ""} ${process.execArgv.join(" ")}`;
  const modes = [...options.matchAll(/--unhandled-rejections[= ]([\w-]+)/g)];
  return modes.at(-1)?.[1] ?? "throw";
}
