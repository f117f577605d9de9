import type { Case } from "../case.ts";
import { cancelCases } from "./cancel.ts";
import { combineCases } from "./combine.ts";
import { continuationCases } from "./continuation.ts";
import { expiryCases } from "./expiry.ts";
import { flowCases } from "./flow.ts";
import { handleCases } from "./handle.ts";
import { handlingCases } from "./handling.ts";
import { invokeCases } from "./invoke.ts";
import { messageCases } from "./message.ts";
import { outsideCases } from "./outside.ts";
import { raceCases } from "./race.ts";
import { scaleCases } from "./scale.ts";
import { scopedCancelCases } from "./scoped-cancel.ts";
import { stateCases } from "./state.ts";
import { timerCases } from "./timer.ts";

/** Every behaviour that all engines share. */
export const allCases: readonly Case[] = [
  ...invokeCases,
  ...continuationCases,
  ...combineCases,
  ...raceCases,
  ...timerCases,
  ...messageCases,
  ...outsideCases,
  ...flowCases,
  ...stateCases,
  ...expiryCases,
  ...handleCases,
  ...handlingCases,
  ...cancelCases,
  ...scopedCancelCases,
  ...scaleCases,
];
