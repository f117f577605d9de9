import { FLOW_STATUSES } from "../../core/engine/flow-index.ts";
import type {
  FlowAttribute,
  FlowAttributeFilter,
  FlowFilter,
  FlowOrder,
  FlowStatusName,
} from "../../core/engine/flow-index.ts";
import { parseInstant } from "../../core/validation/duration.ts";
import { checkFunctionType, checkName } from "../../core/validation/names.ts";
import {
  anything,
  checkedBy,
  invalidOption,
  oneOf,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable, ReadOptions } from "../../core/validation/options.ts";
import { isRecord } from "../../core/data/kind.ts";
import { isInvokable } from "../define/is-invokable.ts";
import { specOf } from "../define/spec.ts";
import { checkAttribute } from "../flow/attributes.ts";

/** The flows that `client.flows` and `client.countFlows` find: those that meet every condition. */
export interface FlowsFilter {
  /**
   * The function that was started: what `fn` or `stateful` gave, which also finds flows of its
   * former names, or a type, `namespace/name`.
   */
  readonly function?: string | object;
  readonly status?: FlowStatusName;
  /** They started after this instant: a Date, or ms since the epoch. */
  readonly startedAfter?: Date | number;
  /** They started before this instant. */
  readonly startedBefore?: Date | number;
  /** Their keys begin with this text of at most 256 characters. */
  readonly keyPrefix?: string;
  /** One attribute that `ctx.setAttributes` gave them, such as `{ customer: "c-7" }`. */
  readonly attribute?: Readonly<Record<string, FlowAttribute>>;
}

/** Options of `client.flows`. */
export interface FlowsOptions extends FlowsFilter {
  /** The order of their starts. Default: `"newest"` first. */
  readonly order?: FlowOrder;
  /** Largest number of flows in a page, from 1 to 1,000. Default: 100. */
  readonly limit?: number;
  /** The `cursor` of the page before, from a list with the same filter and order. */
  readonly cursor?: string | undefined;
}

const LONGEST_PREFIX = 256;

/** A function, by itself or by its type: the types that its flows may have. */
export const functionTypes = checkedBy<readonly string[], string | object>(readTypes);

const FILTER = {
  function: optional(functionTypes),
  status: optional(oneOf(...FLOW_STATUSES)),
  startedAfter: optional(checkedBy<number, Date | number>(readLowerBound)),
  startedBefore: optional(checkedBy<number, Date | number>(parseInstant)),
  keyPrefix: optional(checkedBy<string | undefined, string>(readPrefix)),
  attribute: optional(
    checkedBy<FlowAttributeFilter, Readonly<Record<string, FlowAttribute>>>(readAttribute),
  ),
} satisfies OptionTable<FlowsFilter>;

const OPTIONS = {
  ...FILTER,
  order: withDefault("newest", oneOf("newest", "oldest")),
  limit: withDefault(100, wholeNumber({ from: 1, to: 1_000 })),
  cursor: anything(),
} satisfies OptionTable<FlowsOptions>;

/** The checked options of a list of flows. */
export interface FlowListRequest {
  readonly filter: FlowFilter;
  readonly order: FlowOrder;
  readonly limit: number;
  readonly cursor: unknown;
}

/** Checks the options of a list. @throws `INVALID_OPTIONS`, `INVALID_NAME`, `INVALID_DELAY` */
export function readFlowsOptions(options: unknown): FlowListRequest {
  const { order, limit, cursor, ...filter } = readOptions("flows", OPTIONS, options);
  return { filter: toFilter(filter), order, limit, cursor };
}

/** Checks the filter of a method. @throws as {@link readFlowsOptions} */
export function readFlowsFilter(method: string, filter: unknown): FlowFilter {
  return toFilter(readOptions(method, FILTER, filter));
}

function toFilter({ function: types, ...rest }: ReadOptions<typeof FILTER>): FlowFilter {
  return { types, ...rest };
}

function readTypes(value: unknown, name: string): readonly string[] {
  if (typeof value === "string") return [checkFunctionType(value)];
  const spec = specOf(value);
  const isOperation = spec?.state !== undefined && isInvokable(value);
  if (spec !== undefined && !isOperation) return [spec.type, ...spec.aliases];
  throw invalidOption(name, "a function made by fn() or stateful(), or its type", value);
}

/** Reads an instant. A part of a millisecond is left out, because starts have none. */
function readLowerBound(value: unknown, name: string): number {
  const instant = parseInstant(value, name);
  return typeof value === "number" ? Math.floor(value) : instant;
}

function readPrefix(value: unknown, name: string): string | undefined {
  if (typeof value !== "string" || value.length > LONGEST_PREFIX || /[\p{Cs}\0]/u.test(value))
    throw invalidOption(name, `a text of at most ${LONGEST_PREFIX} characters`, value);
  return value === "" ? undefined : value;
}

function readAttribute(value: unknown, name: string): FlowAttributeFilter {
  const entries =
    typeof value === "object" && value !== null && isRecord(value) ? Object.entries(value) : [];
  const [only] = entries;
  if (only === undefined || entries.length > 1)
    throw invalidOption(name, "an object with one attribute", value);
  const [attribute, wanted] = only;
  return {
    name: checkName(attribute, "attribute name"),
    value: checkAttribute(wanted, `${attribute} in ${name}`),
  };
}
