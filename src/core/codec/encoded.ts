declare const brand: unique symbol;

/**
 * A user's value as text. It is always valid JSON, so encoded values can be spliced into larger
 * ones.
 */
export type Encoded = string & { readonly [brand]: "Encoded" };

/** The encoded form of `undefined`, which is also the input of a function called without one. */
export const UNDEFINED = '{"$":["undefined"]}' as Encoded;
