import type { Emission, EmittingRun } from "../../core/activation/emitter.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { flowOf } from "../../core/message/message-id.ts";
import { checkName } from "../../core/validation/names.ts";
import { codec } from "../protocol/codec.ts";
import type { HandlerFutures } from "./future-maker.ts";

/** The streams that one run of a handler emits to. */
export class RunStreams {
  #run: EmittingRun | undefined;

  /**
   * Adds an item to a stream of the flow, at once.
   * @throws `INVALID_NAME`, `NOT_FOUND`, `UNSERIALIZABLE`, `TOO_DEEP`, `PAYLOAD_TOO_LARGE`,
   * `OVERLOADED`, `UNSUPPORTED`
   */
  emit(futures: HandlerFutures, channel: string, value: unknown): Promise<void> {
    const { activation } = futures.graph;
    const { envelope, emitter, environment } = activation;
    const name = checkName(channel, "channel");
    const owner = futures.requireFlow("ctx.emit");
    const encoded = codec.encode(value, { limit: environment.payloadLimit, root: "value" });
    if (emitter === undefined) throw withoutStreams(envelope.target.type);
    this.#run ??= { id: envelope.id };
    const emission: Emission = {
      run: this.#run,
      flow: flowOf(envelope.id),
      owner,
      channel: name,
      value: encoded,
    };
    return emitter.emit(emission);
  }
}

function withoutStreams(type: string): HandbackError {
  const why = `${type} emits with ctx.emit, which needs an engine with the capability "streams"`;
  return new HandbackError("UNSUPPORTED", why);
}
