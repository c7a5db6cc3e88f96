/** The dialog's fields, as typed, and the job that they make. */
import type { JobParams } from "../api/types";
import { parseSpan } from "../format/seconds";

export interface Form {
  logdir: string;
  port: string;
  priority: string;
  bindAll: boolean;
  /** null: derived from the log directory until somebody types one. */
  windowTitle: string | null;
  reloadInterval: string;
  reloadMultifile: boolean;
  samplesPerPlugin: string;
  host: string;
  idleTimeout: string;
  private: boolean;
  memoryMax: string;
}

export const DEFAULTS: Readonly<Form> = {
  logdir: "",
  port: "6006",
  priority: "0",
  bindAll: false,
  windowTitle: null,
  reloadInterval: "",
  reloadMultifile: false,
  samplesPerPlugin: "",
  host: "",
  idleTimeout: "",
  private: false,
  memoryMax: "",
};

/** A sentence for each field that is wrong; the empty name concerns the whole. */
export type Problems = Partial<Record<keyof Form | "", string>>;

export const ADVANCED: ReadonlySet<keyof Form | ""> = new Set<keyof Form>([
  "reloadInterval",
  "reloadMultifile",
  "samplesPerPlugin",
  "host",
  "idleTimeout",
  "private",
  "memoryMax",
]);

/** The server's name of a field -> ours. */
const FIELD_OF: Readonly<Record<string, keyof Form>> = {
  logdir: "logdir",
  project_dir: "logdir",
  port: "port",
  priority: "priority",
  bind_all: "bindAll",
  window_title: "windowTitle",
  reload_interval: "reloadInterval",
  reload_multifile: "reloadMultifile",
  samples_per_plugin: "samplesPerPlugin",
  host: "host",
  idle_timeout: "idleTimeout",
  private: "private",
  memory_max: "memoryMax",
};

export function fieldOf(serverField: string | null): keyof Form | "" {
  return (serverField && FIELD_OF[serverField]) || "";
}

/** Folders that say where something lies, not what it is. */
const PLACES = new Set(["runs", "logs", "output_models", "models", "checkpoints", "tensorboard", "output"]);

/** What a person would call it: the model or the project that a log directory belongs to. */
export function derivedTitle(logdir: string): string {
  const parts = logdir.split("/").filter(Boolean);
  const named = parts.findLast((part) => !PLACES.has(part.toLowerCase()));
  // Below <model>/runs/ lies one run of the model: both make the name.
  const above = parts.at(-2)?.toLowerCase() === "runs" ? parts.at(-3) : undefined;
  return above && parts.length > 2 ? `${above}: ${parts.at(-1)}` : (named ?? "");
}

/** The port as the API takes it, or null for what is none. */
export function parsePort(text: string): number | "auto" | null {
  const typed = text.trim().toLowerCase();
  if (typed === "auto") return "auto";
  const port = /^\d{1,5}$/.test(typed) ? Number(typed) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

/** What is wrong before the server is asked: only what it could not be sent. */
export function problemsOf(form: Form): Problems {
  const problems: Problems = {};
  if (!form.logdir.trim()) problems.logdir = "Choose the folder that holds the runs.";
  if (parsePort(form.port) === null) problems.port = "A port is a number from 1 to 65535, or auto.";
  if (!/^\s*-?\d{1,7}\s*$/.test(form.priority)) problems.priority = "A priority is a whole number; higher starts sooner.";
  if (form.reloadInterval.trim() && !(Number(form.reloadInterval) >= 0)) {
    problems.reloadInterval = "Seconds between two looks at the files; 0 loads once.";
  }
  if (form.idleTimeout.trim() && parseSpan(form.idleTimeout) === null) {
    problems.idleTimeout = "A span such as 900, 15 min or 2 h, or never.";
  }
  return problems;
}

/** `job_params` of a form without problems. What was left empty is left out: the server's defaults hold. */
export function paramsOf(form: Form): JobParams {
  const params: JobParams = { logdir: form.logdir.trim(), port: parsePort(form.port) ?? 6006 };
  if (form.bindAll) params.bind_all = true;
  else if (form.host.trim()) params.host = form.host.trim();
  const title = (form.windowTitle ?? derivedTitle(form.logdir)).trim();
  if (title) params.window_title = title;
  if (form.reloadInterval.trim()) params.reload_interval = Number(form.reloadInterval);
  if (form.reloadMultifile) params.reload_multifile = true;
  if (form.samplesPerPlugin.trim()) params.samples_per_plugin = form.samplesPerPlugin.trim();
  if (form.idleTimeout.trim()) params.idle_timeout = parseSpan(form.idleTimeout);
  if (form.private) params.private = true;
  if (form.memoryMax.trim()) params.memory_max = form.memoryMax.trim();
  return params;
}

/** The form that would queue the same again. */
export function formOf(params: JobParams, priority: number): Form {
  const text = (value: number | string | null | undefined): string => (value === null || value === undefined ? "" : String(value));
  return {
    logdir: params.logdir,
    port: text(params.port),
    priority: text(priority),
    bindAll: params.bind_all ?? false,
    windowTitle: params.window_title ?? null,
    reloadInterval: text(params.reload_interval),
    reloadMultifile: params.reload_multifile ?? false,
    samplesPerPlugin: text(params.samples_per_plugin),
    host: text(params.host),
    idleTimeout: text(params.idle_timeout),
    private: params.private ?? false,
    memoryMax: text(params.memory_max),
  };
}

/** The body of POST /api/queue. */
export function submissionOf(form: Form, projectDir: string | null): object {
  const params = paramsOf(form);
  return {
    project_dir: projectDir ?? params.logdir,
    config: `tensorboard:${params.port}`,
    dynamic_args: {},
    requested_gpus: 0,
    priority: Number(form.priority),
    job_type: "tensorboard",
    job_params: params,
  };
}
