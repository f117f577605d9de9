export { moduleYaml } from "./module-yaml.ts";
export type { ModuleKafka, ModuleOptions } from "./module-yaml.ts";
export { bool, double, float, int, long, string } from "../engines/statefun/types/built-in.ts";
export { bytes, json, protobuf } from "../engines/statefun/types/custom.ts";
export { kafkaRecord, kinesisRecord } from "../engines/statefun/types/egress-records.ts";
export type { KafkaRecord, KinesisRecord } from "../engines/statefun/types/egress-records.ts";
export type { MessageType } from "../engines/statefun/types/message-type.ts";
export { typed } from "../engines/statefun/types/message-values.ts";
export type { RequestReplyOptions } from "./options.ts";
export { requestReply } from "./request-reply.ts";
export type { RequestReply } from "./request-reply.ts";
export { statefun } from "./statefun.ts";
export type { Statefun, StatefunOptions } from "./statefun.ts";
export type {
  ClusterEgress,
  ClusterIngress,
  IngressMessage,
  RecordListener,
} from "../engines/statefun/client/cluster-port.ts";
