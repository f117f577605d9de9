import { readProperty } from "../../../core/errors/thrown.ts";
import { checkedBy, invalidOption, optional } from "../../../core/validation/options.ts";

/** The option that ends a wait or a reading when it is aborted. */
export const abortSignal = optional(
  checkedBy<AbortSignal>((value, name) => {
    const isObject = typeof value === "object" && value !== null;
    if (isObject && typeof readProperty(value, "throwIfAborted") === "function")
      return value as AbortSignal;
    throw invalidOption(name, "an AbortSignal", value);
  }),
);
