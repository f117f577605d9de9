import { HandbackError } from "../../core/errors/errors.ts";
import { checkedBy, invalidOption, optional, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { httpRules } from "../routes/options.ts";
import type { AsyncHttpOptions, HttpRules } from "../routes/options.ts";

/** Options of `azureCompat`. */
export interface AzureCompatOptions extends Pick<
  AsyncHttpOptions,
  | "functions"
  | "authorize"
  | "bodyLimit"
  | "bodiesLimit"
  | "origins"
  | "describeFailure"
  | "retryAfter"
  | "log"
  | "clock"
> {
  /**
   * The key that every request must carry, as `?code=` or in the header `x-functions-key`. The URLs
   * in answers carry it, too. At least 16 characters. Default: none.
   */
  readonly code?: string;
  /**
   * URL at which clients reach the app, such as `https://orders.example/api`, for the URLs in
   * answers. Default: that of the request. Set it behind a proxy.
   */
  readonly baseUrl?: string;
}

const LEAST_CODE = 16;

const OPTIONS = {
  code: optional(checkedBy<string>(readCode)),
  baseUrl: optional(checkedBy<string>(readBaseUrl)),
} satisfies OptionTable<Pick<AzureCompatOptions, "code" | "baseUrl">>;

/** The rules of an app with the routes of Azure. */
export type AzureRules = HttpRules & {
  readonly code?: string | undefined;
  readonly baseUrl?: string | undefined;
};

/** Checks the options and makes the rules of an app. @throws `INVALID_OPTIONS`, `INVALID_DELAY` */
export function azureRules(options: AzureCompatOptions): AzureRules {
  if (typeof options !== "object" || options === null) return httpRules(options, "azureCompat");
  const { code, baseUrl, ...others } = options;
  return {
    ...httpRules({ retryAfter: "10s", ...others }, "azureCompat"),
    ...readOptions("azureCompat", OPTIONS, { code, baseUrl }),
  };
}

/** Reads the key. The error message never shows it, not even an invalid one. */
function readCode(value: unknown, name: string): string {
  if (typeof value === "string" && value.length >= LEAST_CODE) return value;
  throw new HandbackError("INVALID_OPTIONS", `${name}: expected at least ${LEAST_CODE} characters`);
}

/** Reads a URL without a query. A slash at its end does not count. */
function readBaseUrl(value: unknown, name: string): string {
  if (typeof value === "string" && /^https?:\/\/[^?#]+$/.test(value) && URL.canParse(value))
    return value.replace(/\/$/, "");
  throw invalidOption(name, 'a URL such as "https://orders.example/api"', value);
}
