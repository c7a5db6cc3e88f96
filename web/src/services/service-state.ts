/** What a declared service's state is called. */
import type { Job, Service, Status } from "../api/types";
import { isEnded, shown } from "../jobs/state";

export interface ServiceState {
  word: string;
  dot: "ok" | "warn" | "bad" | "rest" | "off";
  /** The whole of it. */
  more: string;
}

const DOTS: Readonly<Partial<Record<Status, ServiceState["dot"]>>> = { running: "ok", sleeping: "rest" };

export function stateOf(entry: Service, instance: Job | undefined, now: number): ServiceState {
  const isAlive = instance !== undefined && !isEnded(instance);
  if (!entry.service.enabled && !isAlive) return { word: "off", dot: "off", more: "" };
  if (entry.error && !isAlive) return { word: "cannot run", dot: "bad", more: entry.error };
  if (!instance) return { word: "not there", dot: "off", more: "" };
  const { word, more } = shown(instance, now);
  if (instance.status === "failed") return { word, dot: "bad", more };
  if (isEnded(instance)) return { word: "stopped", dot: "off", more };
  return { word, dot: DOTS[instance.status] ?? "warn", more };
}
