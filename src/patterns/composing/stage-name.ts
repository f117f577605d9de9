import { digest } from "../../core/crypto/digest.ts";

/** Digits of a shape in the name of a stage. */
const DIGITS = 8;

/**
 * Names a part of a pattern that is not a user's function: `demo/pipeline.next-1f09ab3c`. The digits tell the pattern's shape, so that
 * what is parked for one shape is not resumed in the middle of another one after a deploy: it stays where it is, as any work for a
 * function that is not registered, until the old shape is there again.
 */
export function stageType(type: string, stage: string, shape: readonly string[]): string {
  return `${type}.${stage}-${digest(JSON.stringify(shape)).slice(0, DIGITS)}`;
}
