/** `true` if two types are the same, `any` and modifiers included. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Fails to compile unless the expression has exactly the type `Expected`: `expectType<number>()(1 as number)`. */
export declare function expectType<Expected>(): <Actual>(
  actual: Actual,
  ...same: Equal<Actual, Expected> extends true ? [] : [{ expected: Expected; got: Actual }]
) => void;

/** Fails to compile unless every element is `true`. */
export type Expect<_Checks extends readonly true[]> = never;
