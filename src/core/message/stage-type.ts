import { digest } from "../crypto/digest.ts";

/** Number of digits for a shape in a stage name. */
const DIGITS = 8;
const STAGE = new RegExp(String.raw`^(.+)\.[^.]+-[0-9a-f]{${DIGITS}}$`);

/**
 * Returns the type of a pattern's inner stage, such as `demo/pipeline.next-1f09ab3c`. The digits
 * are a digest of the pattern's shape. So work that waits in one shape never resumes at the wrong
 * step of another shape after a deploy. Like any work for an unregistered function, it waits until
 * the old shape is registered again.
 */
export function stageType(type: string, stageName: string, shape: readonly string[]): string {
  const fingerprint = digest(JSON.stringify(shape)).slice(0, DIGITS);
  return `${type}.${stageName}-${fingerprint}`;
}

/** Returns the type of the pattern that a stage belongs to, or `undefined` for other functions. */
export function patternOfStage(stage: string): string | undefined {
  return STAGE.exec(stage)?.[1];
}
