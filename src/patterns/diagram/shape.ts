import type { AnyInvokable } from "../../futures/types/function.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";

/** A function as it can be drawn: plain data. Those that patterns make say what they are made of; any other one has a name, and that is all. */
export type Shape =
  | { readonly kind: "function"; readonly name: string }
  /** A plain function of the user's, which maps one value to another. */
  | { readonly kind: "mapping" }
  /** Where one-way messages leave the system. */
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
      /** Branches at a time, and what becomes of failures, in words. */
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
      readonly pause: string;
      /** How it expires, in words; empty: never. */
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
      /** When it asks again, and when it gives up, in words; empty: never. */
      readonly again: string;
      readonly expires: string;
      readonly onTimeout?: Shape;
      readonly audit?: Shape;
    };

/** A step of a saga, and what takes it back. */
export interface CompensatedShape {
  readonly do: Shape;
  readonly undo?: Shape;
  readonly ifUnsure?: Shape;
}

const shapes = new WeakMap<object, Shape>();

/** Notes what a function is made of, and gives it back. */
export function shaped<Face extends object>(face: Face, shape: Shape): Face {
  shapes.set(face, shape);
  return face;
}

/** What a function is made of, as far as a pattern has said so. */
export function shapeOf(f: AnyInvokable): Shape {
  return (
    shapes.get(f) ?? {
      kind: "function",
      name: f.operation === undefined ? f.type : `${f.type}.${f.operation}`,
    }
  );
}

/** What a function, a plain one, or the type of an egress is made of. */
export function partOf(part: unknown): Shape {
  if (typeof part === "string") return { kind: "egress", name: part };
  return isInvokable(part) ? shapeOf(part) : { kind: "mapping" };
}

/** A duration in words. */
export function durationInWords(duration: unknown): string {
  return typeof duration === "number"
    ? `${duration} ms`
    : typeof duration === "string"
      ? duration
      : "as computed";
}
