import type { HistoryDetail } from "../../core/activation/history-note.ts";
import { nested, oneOf, switchable, withDefault } from "../../core/validation/options.ts";
import type { Option, OptionTable } from "../../core/validation/options.ts";
import type { HistoryDetailOptions } from "../types/define.ts";

/** The options that say what a history tells. */
export const DETAIL_OPTIONS = {
  detail: withDefault("everything", oneOf("lifecycle", "everything")),
} satisfies OptionTable<HistoryDetailOptions>;

const details = nested<typeof DETAIL_OPTIONS, HistoryDetailOptions>(DETAIL_OPTIONS);

/** The option `history` of a function. */
export const historyDetail = switchable<HistoryDetail, HistoryDetailOptions>("nothing", {
  read: (value, name) => details.read(value, name).detail,
}) satisfies Option<HistoryDetail, boolean | HistoryDetailOptions>;
