import { HandbackError } from "../../../core/errors/errors.ts";
import type { FetchedPartition } from "./committed-records.ts";

/**
 * The part of `@platformatic/kafka` that is used here. The package is optional, so the declarations of
 * this library must not need it.
 */
export interface KafkaLibrary {
  readonly Producer: new (options: object) => KafkaProducer;
  readonly Consumer: new (options: object) => KafkaConsumer;
  readonly AuthenticationError: { readonly code: string };
  findErrorBy(error: Error, property: string, value: unknown): object | null;
}

/** A producer. */
export interface KafkaProducer {
  send(options: {
    readonly messages: readonly { topic: string; key: Buffer; value: Buffer }[];
  }): Promise<unknown>;
  close(force: boolean): Promise<void>;
}

/** A consumer, which need not join a group to fetch. */
export interface KafkaConsumer {
  readonly topics: { track(topic: string): boolean };
  listOffsets(options: {
    readonly topics: readonly string[];
    readonly partitions?: Readonly<Record<string, readonly number[]>>;
    readonly timestamp?: bigint;
  }): Promise<ReadonlyMap<string, readonly bigint[]>>;
  metadata(options: { readonly topics: readonly string[] }): Promise<{
    readonly topics: ReadonlyMap<
      string,
      { readonly id: string; readonly partitions: readonly { readonly leader: number }[] }
    >;
  }>;
  fetch(options: object): Promise<{
    readonly responses: readonly {
      readonly partitions: readonly (FetchedPartition & { readonly partitionIndex: number })[];
    }[];
  }>;
  close(force: boolean): Promise<void>;
}

const PACKAGE = "@platformatic/kafka";

/**
 * Loads the client of Kafka, which is an optional package.
 * @throws `UNSUPPORTED` if it is not installed
 */
export async function loadKafka(): Promise<KafkaLibrary> {
  try {
    return (await import(PACKAGE)) as KafkaLibrary;
  } catch (cause) {
    const what = `the way through Kafka needs the package ${PACKAGE}: npm install ${PACKAGE}`;
    throw new HandbackError("UNSUPPORTED", what, { cause });
  }
}
