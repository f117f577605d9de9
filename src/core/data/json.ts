/** A JSON value: control data that a layer writes for itself. Never mutated once it was handed on. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };
