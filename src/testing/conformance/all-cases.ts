import type { Case } from "./case/case.ts";
import { cancelCases } from "./cases/cancel.ts";
import { combineCases } from "./cases/combine.ts";
import { continuationCases } from "./cases/continuation.ts";
import { deployedValueCases } from "./cases/deploy/values.ts";
import { renamedOperationCases } from "./cases/deploy/operations.ts";
import { endedStateCases } from "./cases/state-end/ended-state.ts";
import { expiryCases } from "./cases/expiry.ts";
import { flowCases } from "./cases/flow.ts";
import { attributeCases } from "./cases/listing/attributes.ts";
import { countedFlowCases } from "./cases/listing/counts.ts";
import { listedFlowCases } from "./cases/listing/flows.ts";
import { storedListCases } from "./cases/listing/stored.ts";
import { handleCases } from "./cases/handle.ts";
import { handlingCases } from "./cases/handling.ts";
import { invokeCases } from "./cases/invoke.ts";
import { messageCases } from "./cases/message.ts";
import { outsideCases } from "./cases/outside.ts";
import { firstCases } from "./cases/first.ts";
import { raceCases } from "./cases/race.ts";
import { scaleCases } from "./cases/scale.ts";
import { signalKeyCases } from "./cases/signal/keys.ts";
import { scopedCancelCases } from "./cases/scoped-cancel.ts";
import { stateCases } from "./cases/state.ts";
import { historyCases } from "./cases/journal/history.ts";
import { streamCases } from "./cases/journal/stream.ts";
import { pauseCases } from "./cases/repair/pause.ts";
import { restartCases } from "./cases/repair/restart.ts";
import { whenFailedCases } from "./cases/repair/when-failed.ts";
import { timerCases } from "./cases/timer.ts";

/** The behaviors that all engines share. */
export const allCases: readonly Case[] = [
  ...invokeCases,
  ...continuationCases,
  ...combineCases,
  ...raceCases,
  ...firstCases,
  ...timerCases,
  ...messageCases,
  ...outsideCases,
  ...signalKeyCases,
  ...flowCases,
  ...listedFlowCases,
  ...countedFlowCases,
  ...attributeCases,
  ...storedListCases,
  ...whenFailedCases,
  ...pauseCases,
  ...restartCases,
  ...streamCases,
  ...historyCases,
  ...stateCases,
  ...deployedValueCases,
  ...renamedOperationCases,
  ...expiryCases,
  ...endedStateCases,
  ...handleCases,
  ...handlingCases,
  ...cancelCases,
  ...scopedCancelCases,
  ...scaleCases,
];
