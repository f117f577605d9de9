import type { Definition } from "handback/engine";
import type { HostedFunctions } from "../../../../src/engines/restate/delivery/functions.ts";
import { serviceNames } from "../../../../src/engines/restate/wire/recipient.ts";
import { rootId } from "../../../../src/core/message/message-id.ts";
import { isHeld, redrivenMessage } from "../../../../src/futures/client/stored/redrive.ts";
import { systemClock } from "../../../../src/engines/embedded/host/system-clock.ts";

/** Makes the functions of an application named `app`. */
export function hosted(
  definitions: ReadonlyMap<string, Definition>,
  carriedCalls: number,
): HostedFunctions {
  const ignore = (): void => undefined;
  return {
    names: serviceNames("app"),
    environment: {
      storeId: "app",
      clock: systemClock,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      payloadLimit: 1_000_000,
      retentionMs: 1_000,
      ageOutMs: 1_000,
      random: Math.random,
      secret: (bytes) => new Uint8Array(bytes),
      scopedCancel: false,
      knows: (name) => definitions.has(name),
    },
    find: (name) => definitions.get(name),
    isPure: ({ system }) => system,
    describe: (error) => String(error),
    standingReply: () => undefined,
    delayUntil: () => 0,
    instantAfter: (instant, delayMs) => instant + delayMs,
    parkedForMs: 1_000,
    carriedCalls,
    carriedCharacters: 1_000_000,
    letters: { isHeld, redrivenMessage: (letter, flow) => redrivenMessage(letter, rootId(flow)) },
    crashGuard: undefined,
    resultLimit: 1_000_000,
  };
}
