import { conformance } from "./conformance.ts";
import { onPoorest } from "./host.ts";

conformance(onPoorest);
