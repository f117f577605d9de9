import { checkedBy, objectWith } from "../validation/options.ts";
import type { Option } from "../validation/options.ts";
import { isFieldsFirst, messageFirst } from "./fields-first-log.ts";
import type { FieldsFirstLog } from "./fields-first-log.ts";
import { LOG_METHODS } from "./host-methods.ts";
import type { Log } from "./log.ts";

const anyLog = objectWith<Log>(LOG_METHODS);

/** The option `log`: a log, in either order of message and fields. */
export const logOption: Option<Log, Log | FieldsFirstLog> = checkedBy((value, name) => {
  const log = anyLog.read(value, name);
  return isFieldsFirst(log) ? messageFirst(log) : log;
});
