import type { Reply } from "../../core/activation/effects.ts";
import { canonicalText } from "../../core/codec/canonical-text.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { digest } from "../../core/crypto/digest.ts";
import { formerOperationNames } from "../define/operation-names.ts";
import type { OperationName } from "../define/operation-names.ts";
import type { Target } from "../define/target.ts";
import type { StartFlow } from "../protocol/messages.ts";
import type { Replies, StartReply } from "./replies.ts";
import type { Answer, Request } from "./request.ts";

/** The request that starts a flow. */
type StartRequest = Omit<Request<"flow", "start">, "control"> & { readonly control: StartFlow };

/** The client that starts the flow. */
interface Starting {
  /** Id of the state that was given. Empty: none. */
  readonly id: string;
  readonly nextRequest: () => string;
  readonly ask: (request: StartRequest) => Promise<Answer<"flow", "start">>;
}

/** Starts a flow of a given key. An earlier start of it may have used a former name. */
export async function startGiven(
  request: StartRequest,
  { type, operation, spec }: Target,
  { id, nextRequest, ask: send }: Starting,
): Promise<Answer<"flow", "start">> {
  const { payload = UNDEFINED } = request;
  const ask = (
    as: OperationName,
    text: string,
    key = nextRequest(),
  ): Promise<Answer<"flow", "start">> => {
    const asDigest = digest(`${as.type}\n${as.name}\n${id}\n${text}`);
    return send({ ...request, control: { ...request.control, ...as, digest: asDigest, key } });
  };
  const input = canonicalText(payload);
  const own = { type, name: operation };
  let reply = await ask(own, input, request.control.key);
  const started = isConflict(reply) ? reply.control : undefined;
  const former =
    started &&
    formerOperationNames(spec, operation).find(
      (each) => each.type === started.type && each.name === (started.name ?? operation),
    );
  if (former !== undefined) reply = await ask(former, input);
  // Earlier versions digested the input in the order of its keys.
  if (isConflict(reply) && input !== payload) reply = await ask(former ?? own, payload);
  return reply;
}

function isConflict(reply: Reply): reply is Reply & { readonly control: StartReply } {
  return (reply.control as Replies["flow"]["start"]).outcome === "conflict";
}
