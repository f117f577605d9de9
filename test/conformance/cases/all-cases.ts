import type { Case } from "../conformance.ts";
import { combineCases } from "./combine.ts";
import { continuationCases } from "./continuation.ts";
import { flowCases } from "./flow.ts";
import { handleCases } from "./handle.ts";
import { handlingCases } from "./handling.ts";
import { invokeCases } from "./invoke.ts";
import { messageCases } from "./message.ts";
import { outsideCases } from "./outside.ts";
import { scaleCases } from "./scale.ts";
import { stateCases } from "./state.ts";
import { timerCases } from "./timer.ts";

/** Every behaviour that all engines share. */
export const allCases: readonly Case[] = [
  ...invokeCases,
  ...continuationCases,
  ...combineCases,
  ...timerCases,
  ...messageCases,
  ...outsideCases,
  ...flowCases,
  ...stateCases,
  ...handleCases,
  ...handlingCases,
  ...scaleCases,
];
