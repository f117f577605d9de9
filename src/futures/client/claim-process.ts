import type { Engine } from "../../core/engine/engine.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { PROCESS_NUMBERS_ID } from "../flow/process-numbers.ts";
import { systemAddress } from "../protocol/system.ts";
import type { Replies } from "./replies.ts";

/**
 * Claims a number for a process that starts flows on a cluster. No other process has or had it. A
 * claim that is sent again takes another number.
 */
export async function claimProcess(engine: Pick<Engine, "ask" | "nextRequest">): Promise<number> {
  const key = engine.nextRequest();
  const target = systemAddress("process", PROCESS_NUMBERS_ID);
  const { control } = await engine.ask({
    key,
    envelope: { id: target.id, target, name: "claim", payload: UNDEFINED, control: { key } },
  });
  return (control as Replies["process"]["claim"]).number;
}
