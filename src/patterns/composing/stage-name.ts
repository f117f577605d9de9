import { stageType } from "../../core/message/stage-type.ts";
import { formerNamesOf } from "../../futures/define/is-invokable.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import { formOf, shapeOf } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";
import { nameOf } from "./step.ts";
import type { Naming } from "./step.ts";

/** The name of a pattern's inner stage, and its names in earlier releases or deploys. */
export interface StageName {
  readonly type: string;
  readonly aliases: readonly string[];
  /** A stage does not pause: its failures are those of its pattern. */
  readonly whenFailed: "fail";
}

/** The shape of a pattern in names of the functions that it is made of. */
export type ShapeIn = (naming: Naming) => readonly string[];

/** The most names that a stage gets from the former names of functions. */
const MOST_NAMINGS = 1_000;

/**
 * Names a stage after the shape of its pattern. Its aliases have the former names of the functions,
 * and the former shapes: those that earlier releases gave it.
 */
export function stageNamed(
  type: string,
  stageName: string,
  functions: readonly AnyInvokable[],
  [shape, ...formerShapes]: readonly [ShapeIn, ...ShapeIn[]],
): StageName {
  const named = (shapeIn: ShapeIn, naming: Naming): string =>
    stageType(type, stageName, shapeIn(naming));
  const all = namingsOf(functions);
  const names = [shape, ...formerShapes].flatMap((each) =>
    all.map((naming) => named(each, naming)),
  );
  const current = named(shape, nameOf);
  const aliases = [...new Set(names)].filter((name) => name !== current);
  return { type: current, aliases, whenFailed: "fail" };
}

/** Returns all namings of functions that have former names, but not too many. */
function namingsOf(functions: readonly AnyInvokable[]): readonly Naming[] {
  let all: readonly ReadonlyMap<string, string>[] = [new Map()];
  for (const [name, f] of new Map(functions.map((each) => [nameOf(each), each]))) {
    const former = formerNamesOf(f);
    if (all.length * (former.length + 1) > MOST_NAMINGS) break;
    const renamed = (each: string) => all.map((naming) => new Map([...naming, [name, each]]));
    all = [...all, ...former.flatMap(renamed)];
  }
  return all.map((names) => (f) => names.get(nameOf(f)) ?? nameOf(f));
}

/**
 * Names a stage that is given the output of a function, so that it never gets that of another one.
 * `more` lists the other facts that decide its input. Earlier releases left all of this out.
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
    whenFailed: "fail",
  };
}

/** Adds the form of the output to the name of a step, if options of an inner pattern decide it. */
export function withForm(label: string, shape: Shape): string {
  const form = formOf(shape);
  return form === "" ? label : `${label}: ${form}`;
}
