import { stageType } from "../../core/message/stage-type.ts";
import { formerNamesOf } from "../../futures/define/is-invokable.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import { formOf, shapeOf } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";
import { nameOf } from "./step.ts";

/** The name of a pattern's inner stage, and its names in earlier releases or deploys. */
export interface StageName {
  readonly type: string;
  readonly aliases: readonly string[];
}

/**
 * Names a stage after the shape of its pattern. Earlier releases named it after `formerShape`.
 */
export function stageNamed(
  type: string,
  stageName: string,
  shape: readonly string[],
  formerShape: readonly string[],
): StageName {
  const current = stageType(type, stageName, shape);
  const former = stageType(type, stageName, formerShape);
  return { type: current, aliases: former === current ? [] : [former] };
}

/**
 * Names a stage that is given the output of a function, so that it never gets that of another one.
 * `more` is whatever else decides what it is given. Earlier releases left all of this out.
 */
export function stageAfter(
  type: string,
  stageName: string,
  f: AnyInvokable,
  ...more: readonly string[]
): StageName {
  const named = (name: string): string =>
    stageType(type, stageName, [withForm(name, shapeOf(f)), ...more]);
  return {
    type: named(nameOf(f)),
    aliases: [`${type}.${stageName}`, ...formerNamesOf(f).map(named)],
  };
}

/** Adds the form of the output to the name of a step, if options of an inner pattern decide it. */
export function withForm(label: string, shape: Shape): string {
  const form = formOf(shape);
  return form === "" ? label : `${label}: ${form}`;
}
