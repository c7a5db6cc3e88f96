/** The state of a declared service. */
import type { Job, Service, Status } from "../../shared/api/types";
import type { DotTone } from "../../shared/parts/dot";
import { describeState, isEnded } from "../../shared/jobs/state";

export interface ServiceState {
  word: string;
  dot: DotTone;
  /** A duration or a reason; may be empty. */
  detail: string;
}

const DOTS: Readonly<Partial<Record<Status, DotTone>>> = { running: "ok", sleeping: "rest" };

export function stateOf(entry: Service, instance: Job | undefined, now: number): ServiceState {
  const isAlive = instance !== undefined && !isEnded(instance);
  if (!entry.service.enabled && !isAlive) return { word: "off", dot: "off", detail: "" };
  if (entry.error && !isAlive) return { word: "cannot run", dot: "bad", detail: entry.error };
  if (!instance) return { word: "not started", dot: "off", detail: "" };
  const { word, detail } = describeState(instance, now);
  if (instance.status === "failed") return { word, dot: "bad", detail };
  if (isEnded(instance)) return { word: "stopped", dot: "off", detail };
  return { word, dot: DOTS[instance.status] ?? "warn", detail };
}
