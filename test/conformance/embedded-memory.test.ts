import { conformance } from "./conformance.ts";
import { onMemory } from "./host.ts";

conformance(onMemory);
