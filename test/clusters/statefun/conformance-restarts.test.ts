import { chosenSettings, isRestarting } from "./support/settings.ts";
import { testSettings } from "./support/suite.ts";

testSettings(chosenSettings().filter(isRestarting));
