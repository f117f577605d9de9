import { conformance } from "./conformance.ts";
import { onSqlite } from "./host.ts";

conformance(onSqlite);
