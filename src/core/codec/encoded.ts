declare const brand: unique symbol;

/** A user's value as text: always valid JSON, so that encoded values can be spliced into larger ones. */
export type Encoded = string & { readonly [brand]: "Encoded" };

/** What `undefined` is encoded as; the input of a function that is called without one. */
export const UNDEFINED = '{"$":["undefined"]}' as Encoded;
