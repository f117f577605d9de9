import { sharedByCopies } from "../../core/data/shared-by-copies.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";

/**
 * The structure of a function for diagrams, as plain data. Functions made by patterns have parts.
 * Other functions have a name only.
 */
export type Shape =
  | { readonly kind: "function"; readonly name: string }
  /** A plain function that maps a value. */
  | { readonly kind: "mapping" }
  /** An egress, through which one-way messages leave the system. */
  | { readonly kind: "egress"; readonly name: string }
  | { readonly kind: "parallel" | "tap"; readonly parts: readonly Shape[] }
  | { readonly kind: "keep"; readonly part: Shape }
  | {
      readonly kind: "choose";
      readonly cases: readonly { readonly name: string; readonly part: Shape }[];
    }
  | { readonly kind: "chain"; readonly name: string; readonly steps: readonly Shape[] }
  | { readonly kind: "saga"; readonly name: string; readonly steps: readonly CompensatedShape[] }
  | {
      readonly kind: "fan-out";
      readonly name: string;
      readonly split?: Shape;
      readonly each: Shape;
      readonly join?: Shape;
      /** The input of the join. Without one it is the output. Names of stages depend on it. */
      readonly given: "values" | "outcomes";
      /** The limit on running branches and the failure policy, in words. */
      readonly limit: string;
      readonly policy: string;
    }
  | {
      readonly kind: "retry";
      readonly name: string;
      readonly part: Shape;
      readonly attempts: number;
    }
  | {
      readonly kind: "repeat";
      readonly name: string;
      readonly part: Shape;
      readonly end: string;
      readonly pause: string;
    }
  | {
      readonly kind: "timeout";
      readonly name: string;
      readonly part: Shape;
      readonly time: string;
      readonly onTimeout?: Shape;
    }
  | {
      readonly kind: "monitor";
      readonly name: string;
      readonly check: Shape;
      readonly delay: string;
      /** Time of expiry, in words. Empty if it never expires. */
      readonly expires: string;
      readonly onDeadline?: Shape;
    }
  | {
      readonly kind: "aggregator";
      readonly name: string;
      readonly flush: Shape;
      readonly bounds: string;
      readonly onLate?: Shape;
    }
  | {
      readonly kind: "approval";
      readonly name: string;
      readonly ask: Shape;
      readonly quorum: string;
      /** Times of asking again and of expiry, in words. Empty if never. */
      readonly again: string;
      readonly expires: string;
      readonly onTimeout?: Shape;
      readonly audit?: Shape;
    };

/** A step of a saga, and its compensations. */
export interface CompensatedShape {
  readonly do: Shape;
  readonly undo?: Shape;
  readonly ifUnsure?: Shape;
}

/** The shapes of all copies of the package: the functions are frozen and cannot carry them. */
function shapes(): WeakMap<object, Shape> {
  return sharedByCopies(globalThis, "shapes", () => new WeakMap<object, Shape>());
}

/** Records the shape of a function and returns the function. */
export function shaped<Face extends object>(face: Face, shape: Shape): Face {
  shapes().set(face, shape);
  return face;
}

/** Returns the shape of a function: its parts if a pattern made it, else its name. */
export function shapeOf(f: AnyInvokable): Shape {
  return (
    shapes().get(f) ?? {
      kind: "function",
      name: f.operation === undefined ? f.type : `${f.type}.${f.operation}`,
    }
  );
}

/**
 * Returns the form of a function's output, as far as options of patterns decide it: a fan-out
 * without a join gives values or outcomes. Empty if they do not.
 */
export function formOf(shape: Shape): string {
  switch (shape.kind) {
    case "fan-out":
      return shape.join === undefined ? formOfBranches(shape) : formOf(shape.join);
    case "keep":
    case "repeat":
    case "retry":
    case "timeout":
      return formOf(shape.part);
    case "parallel":
      return formsOf(shape.parts);
    case "choose":
      return formsOf(shape.cases.map(({ part }) => part));
    case "chain":
      return formsOf(shape.steps.slice(-1));
    case "saga":
      return formsOf(shape.steps.slice(-1).map((step) => step.do));
    default:
      return "";
  }
}

function formOfBranches({ each, given }: Extract<Shape, { kind: "fan-out" }>): string {
  const ofEach = formOf(each);
  return ofEach === "" ? given : `${given} of ${ofEach}`;
}

function formsOf(parts: readonly Shape[]): string {
  const forms = parts.map(formOf);
  return forms.every((form) => form === "") ? "" : forms.join(", ");
}

/** Returns the shape of a function, a plain function, or an egress type. */
export function partOf(part: unknown): Shape {
  if (typeof part === "string") return { kind: "egress", name: part };
  return isInvokable(part) ? shapeOf(part) : { kind: "mapping" };
}

/** Returns a duration in words. */
export function durationInWords(duration: unknown): string {
  return typeof duration === "number"
    ? `${duration} ms`
    : typeof duration === "string"
      ? duration
      : "as computed";
}
