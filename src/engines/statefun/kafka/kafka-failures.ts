import { HandbackError } from "../../../core/errors/errors.ts";
import { causeOf } from "./kafka-connection.ts";
import type { KafkaMessage } from "./kafka-connection.ts";

/** Makes the error of a client that the brokers do not let in. */
export function refused(error: unknown): HandbackError {
  const cause = causeOf(error);
  return new HandbackError("STORE_OPEN_FAILED", "the brokers of Kafka refuse this client", {
    cause,
  });
}

/** Makes the error of a topic that does not exist. */
export function missingTopic(topic: string, error: unknown): HandbackError {
  const what = `there is no topic ${topic} on the brokers of Kafka`;
  return new HandbackError("STORE_OPEN_FAILED", what, { cause: causeOf(error) });
}

/** Makes the error of a request that never left. */
export function unreachable(error: unknown): HandbackError {
  return new HandbackError("STORE_BUSY", "the brokers of Kafka cannot be reached", {
    cause: causeOf(error),
    details: { definite: true },
  });
}

/** Makes the error of a request that may have been taken. */
export function unconfirmed({ topic }: KafkaMessage, error: unknown): HandbackError {
  const what = `the brokers of Kafka did not confirm a message to ${topic} in time; it may have been taken`;
  return new HandbackError("STORE_FAILED", what, { cause: causeOf(error) });
}

/** Makes the error of a request that is larger than its topic takes. */
export function tooLarge({ topic, value }: KafkaMessage, error: unknown): HandbackError {
  return new HandbackError(
    "PAYLOAD_TOO_LARGE",
    `a message of ${value.length} bytes is larger than the topic ${topic} takes; see its max.message.bytes`,
    { cause: causeOf(error) },
  );
}

/** Makes the error of replies that were deleted unread. */
export function lostReplies(topic: string, error: unknown): HandbackError {
  return new HandbackError(
    "STORE_FAILED",
    `records of the topic ${topic} were deleted before this client read them; a reply may be lost`,
    { cause: causeOf(error) },
  );
}
