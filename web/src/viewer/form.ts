/** What the form of every kind of viewer has, as typed, and the job_params that it makes. */
import type { JobParams } from "../api/types";
import { parseSpan } from "../format/seconds";

export interface ViewerForm {
  port: string;
  priority: string;
  bindAll: boolean;
  /** null: derived from what it shows until somebody types one. */
  windowTitle: string | null;
  host: string;
  idleTimeout: string;
  private: boolean;
  memoryMax: string;
}

/** All but the port: each kind has its usual one. */
export const VIEWER_DEFAULTS: Readonly<Omit<ViewerForm, "port">> = {
  priority: "0",
  bindAll: false,
  windowTitle: null,
  host: "",
  idleTimeout: "",
  private: false,
  memoryMax: "",
};

/** A sentence for each field that is wrong; the empty name concerns the whole. */
export type Problems<F> = Partial<Record<keyof F | "", string>>;

/** What a form is for: a job has a port, a service without one is opened through the server alone. */
export type Use = "job" | "service";

/** The server's name of a field -> ours. */
export const VIEWER_FIELDS: Readonly<Record<string, keyof ViewerForm>> = {
  port: "port",
  priority: "priority",
  bind_all: "bindAll",
  window_title: "windowTitle",
  host: "host",
  idle_timeout: "idleTimeout",
  private: "private",
  memory_max: "memoryMax",
};

export const VIEWER_ADVANCED: readonly (keyof ViewerForm)[] = ["host", "idleTimeout", "private", "memoryMax"];

/** The port as the API takes it, or null for what is none. */
export function parsePort(text: string): number | "auto" | null {
  const typed = text.trim().toLowerCase();
  if (typed === "auto") return "auto";
  const port = /^\d{1,5}$/.test(typed) ? Number(typed) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** What is wrong before the server is asked: only what it could not be sent. */
export function viewerProblems(form: ViewerForm, use: Use): Problems<ViewerForm> {
  const problems: Problems<ViewerForm> = {};
  const without = use === "service" && !form.port.trim();
  if (!without && parsePort(form.port) === null) problems.port = "A port is a number from 1 to 65535, or auto.";
  if (!/^\s*-?\d{1,7}\s*$/.test(form.priority)) problems.priority = "A priority is a whole number; higher starts sooner.";
  if (form.idleTimeout.trim() && parseSpan(form.idleTimeout) === null) {
    problems.idleTimeout = "A span such as 900, 15 min or 2 h, or never.";
  }
  return problems;
}

/** What was left empty is left out: the server's defaults hold. `derived` is the title where none was typed. */
export function viewerParams(form: ViewerForm, derived: string): JobParams {
  const params: JobParams = {};
  const port = parsePort(form.port);
  if (port !== null) params.port = port;
  if (form.bindAll) params.bind_all = true;
  else if (form.host.trim()) params.host = form.host.trim();
  const title = (form.windowTitle ?? derived).trim();
  if (title) params.window_title = title;
  if (form.idleTimeout.trim()) params.idle_timeout = parseSpan(form.idleTimeout);
  if (form.private) params.private = true;
  if (form.memoryMax.trim()) params.memory_max = form.memoryMax.trim();
  return params;
}

export function asText(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

/** The fields that would make the same again. */
export function viewerFormOf(params: JobParams, priority: number): ViewerForm {
  return {
    port: asText(params.port),
    priority: String(priority),
    bindAll: params.bind_all ?? false,
    windowTitle: params.window_title ?? null,
    host: asText(params.host),
    idleTimeout: asText(params.idle_timeout),
    private: params.private ?? false,
    memoryMax: asText(params.memory_max),
  };
}

/** The body of POST /api/queue; `shown` is the path of what it shows. */
export function submissionOf(type: string, form: ViewerForm, params: JobParams, shown: string, projectDir: string | null): object {
  return {
    project_dir: projectDir ?? shown,
    config: `${type}:${params.port}`,
    dynamic_args: {},
    requested_gpus: 0,
    priority: Number(form.priority),
    job_type: type,
    job_params: params,
  };
}
