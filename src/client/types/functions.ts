import type { AnyInvokable, Fn, Named, StatefulFn } from "../../futures/types/function.ts";

/** The functions in a list, or in an object such as a module. */
type Listed<Functions> = Functions extends readonly (infer Each)[]
  ? Each
  : Functions[keyof Functions];

type OperationName<F> = {
  [Name in keyof F]: F[Name] extends StatefulFn<never, unknown> ? Name : never;
}[keyof F] &
  string;

/** A function or an operation that clients can start. */
export type FunctionIn<Functions> = Startable<Listed<Functions>>;

type Startable<F> = F extends AnyInvokable ? F : F[OperationName<F> & keyof F] & AnyInvokable;

/**
 * The names of the functions in `Functions`: `namespace/name`, and for an operation of a stateful
 * function `namespace/name/operation`. Any name, if the compiler does not know all of them.
 */
export type NameIn<Functions> = NameOf<Listed<Functions>>;

type NameOf<F> =
  F extends Named<infer Type>
    ? F extends Fn<never, unknown>
      ? Type
      : F extends AnyInvokable
        ? string
        : `${Type}/${OperationName<F>}`
    : never;

/** A function to start: its name, or the function itself. */
export type TargetIn<Functions> = NameIn<Functions> | FunctionIn<Functions>;

/** The function that a target is. */
export type FunctionAt<Functions, Target> = Target extends string
  ? [ExactlyAt<Listed<Functions>, Target>] extends [never]
    ? UnnamedIn<Listed<Functions>>
    : ExactlyAt<Listed<Functions>, Target>
  : Target;

/** The function of this name, among those whose names the compiler knows. */
type ExactlyAt<F, Name extends string> =
  F extends Named<infer Type>
    ? string extends Type
      ? never
      : F extends Fn<never, unknown>
        ? Name extends Type
          ? F
          : never
        : Name extends `${Type}/${infer Operation}`
          ? F[Operation & keyof F]
          : never
    : never;

/** The functions whose names the compiler does not know. */
type UnnamedIn<F> = F extends { readonly type: infer Type }
  ? string extends Type
    ? Startable<F>
    : never
  : never;
