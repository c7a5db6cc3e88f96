/** TensorBoard's fields, as typed, and the job_params that they make. */
import type { JobParams } from "../api/types";
import {
  asText,
  VIEWER_ADVANCED,
  VIEWER_DEFAULTS,
  VIEWER_FIELDS,
  viewerFormOf,
  viewerParams,
  viewerProblems,
  type Problems,
  type Use,
  type ViewerForm,
} from "../viewer/form";
import { listeningStored, ownStored, viewerFromStored, type Keeping } from "../viewer/stored";

export interface Form extends ViewerForm {
  logdir: string;
  reloadInterval: string;
  reloadMultifile: boolean;
  samplesPerPlugin: string;
}

export const USUAL_PORT = "6006";

export const DEFAULTS: Readonly<Form> = {
  ...VIEWER_DEFAULTS,
  port: USUAL_PORT,
  logdir: "",
  reloadInterval: "",
  reloadMultifile: false,
  samplesPerPlugin: "",
};

export const ADVANCED: ReadonlySet<keyof Form> = new Set<keyof Form>([
  ...VIEWER_ADVANCED,
  "reloadInterval",
  "reloadMultifile",
  "samplesPerPlugin",
]);

/** The server's name of a field -> ours. */
export const FIELDS: Readonly<Record<string, keyof Form>> = {
  ...VIEWER_FIELDS,
  logdir: "logdir",
  project_dir: "logdir",
  reload_interval: "reloadInterval",
  reload_multifile: "reloadMultifile",
  samples_per_plugin: "samplesPerPlugin",
};

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

/** What is wrong before the server is asked: only what it could not be sent. */
export function problemsOf(form: Form, use: Use): Problems<Form> {
  const problems: Problems<Form> = viewerProblems(form, use);
  if (!form.logdir.trim()) problems.logdir = "Choose the folder that holds the runs.";
  if (form.reloadInterval.trim() && !(Number(form.reloadInterval) >= 0)) {
    problems.reloadInterval = "Seconds between two looks at the files; 0 loads once.";
  }
  return problems;
}

/** `job_params` of a form without problems. */
export function paramsOf(form: Form): JobParams {
  const params: JobParams = { logdir: form.logdir.trim(), ...viewerParams(form, derivedTitle(form.logdir)) };
  if (form.reloadInterval.trim()) params.reload_interval = Number(form.reloadInterval);
  if (form.reloadMultifile) params.reload_multifile = true;
  if (form.samplesPerPlugin.trim()) params.samples_per_plugin = form.samplesPerPlugin.trim();
  return params;
}

/** The form that would make the same again. */
export function formOf(params: JobParams, priority: number): Form {
  return {
    ...viewerFormOf(params, priority),
    logdir: asText(params.logdir),
    reloadInterval: asText(params.reload_interval),
    reloadMultifile: params.reload_multifile ?? false,
    samplesPerPlugin: asText(params.samples_per_plugin),
  };
}

export const KEEPING: Keeping<Form> = {
  key: "forgather-global-tensorboard-v1",
  defaults: DEFAULTS,
  toStored: (form) => ({
    logdir: form.logdir.trim(),
    ...listeningStored(form),
    bindAll: form.bindAll,
    windowTitle: form.windowTitle ?? "",
    reloadInterval: form.reloadInterval.trim(),
    reloadMultifile: form.reloadMultifile,
    samplesPerPlugin: form.samplesPerPlugin.trim(),
    ...ownStored(form),
  }),
  fromStored: (kept) => ({
    ...viewerFromStored(kept, USUAL_PORT),
    logdir: kept.text("logdir"),
    reloadInterval: kept.text("reloadInterval"),
    reloadMultifile: kept.truth("reloadMultifile"),
    samplesPerPlugin: kept.text("samplesPerPlugin"),
  }),
};
