import type { Encoded } from "../../core/codec/encoded.ts";
import type { Engine } from "../../core/engine/engine.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { Settled } from "../protocol/settled.ts";
import { parseToken } from "../protocol/token.ts";
import type { Replies } from "./replies.ts";
import { askEngine } from "./request.ts";

/** Texts from this length on are left out of the details of errors. */
const LONG_TEXT = 1024;

/**
 * Settles the future of a token.
 *
 * @throws `INVALID_ID`, `NOT_FOUND`, `CANCELLED`, `ALREADY_COMPLETED`
 */
export async function settleByToken(
  engine: Engine,
  token: string,
  settled: Settled,
): Promise<void> {
  const { cell, digest } = parseToken(token);
  const asked = { ok: settled.ok, digest, key: engine.nextRequest() };
  const { control, payload } = await askEngine(engine, "cell", {
    id: cell,
    name: "settleByToken",
    control: asked,
    payload: settled.text,
  });
  requireSettled(control.outcome, payload);
}

/**
 * Checks that a token has settled its future, now or before.
 *
 * @param text - the earlier value or failure, if there was another one
 * @throws `NOT_FOUND`, `CANCELLED`, `ALREADY_COMPLETED`
 */
function requireSettled(outcome: Replies["cell"]["settleByToken"]["outcome"], text: Encoded): void {
  switch (outcome) {
    case "settled":
    case "same":
      return;
    case "unknown":
      throw new HandbackError(
        "NOT_FOUND",
        "there is no future of this token; it may be past its retention",
      );
    case "cancelled":
      throw new HandbackError(
        "CANCELLED",
        "the future of this token was cancelled before it was settled",
      );
    case "fulfilled":
    case "rejected": {
      const why = `the future was ${outcome} before, with another outcome`;
      const details = { outcome, ...(text.length < LONG_TEXT && { text }) };
      throw new HandbackError("ALREADY_COMPLETED", why, { details });
    }
  }
}
