/** A JSON value, such as control data. Never mutated once it was handed on. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };
