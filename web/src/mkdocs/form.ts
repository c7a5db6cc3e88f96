/** MkDocs' fields, as typed, and the job_params that they make. */
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
  configFile: string;
  strict: boolean;
  noLivereload: boolean;
  /** Paths, with commas between them. */
  watch: string;
}

export const USUAL_PORT = "8000";

export const DEFAULTS: Readonly<Form> = {
  ...VIEWER_DEFAULTS,
  port: USUAL_PORT,
  configFile: "",
  strict: false,
  noLivereload: false,
  watch: "",
};

export const ADVANCED: ReadonlySet<keyof Form> = new Set<keyof Form>([...VIEWER_ADVANCED, "bindAll", "watch"]);

/** The server's name of a field -> ours. */
export const FIELDS: Readonly<Record<string, keyof Form>> = {
  ...VIEWER_FIELDS,
  config_file: "configFile",
  project_dir: "configFile",
  strict: "strict",
  livereload: "noLivereload",
  watch: "watch",
};

/** The folder of its configuration, as the server calls a MkDocs. */
export function derivedTitle(configFile: string): string {
  return configFile.trim().split("/").filter(Boolean).at(-2) ?? "";
}

function pathsOf(watch: string): string[] {
  return watch
    .split(",")
    .map((path) => path.trim())
    .filter(Boolean);
}

/** What is wrong before the server is asked: only what it could not be sent. */
export function problemsOf(form: Form, use: Use): Problems<Form> {
  const problems: Problems<Form> = viewerProblems(form, use);
  if (!form.configFile.trim()) problems.configFile = "Choose the mkdocs.yml of the site.";
  const relative = pathsOf(form.watch).find((path) => !path.startsWith("/"));
  if (relative !== undefined) problems.watch = `${relative} is not an absolute path.`;
  return problems;
}

/** `job_params` of a form without problems. */
export function paramsOf(form: Form): JobParams {
  const configFile = form.configFile.trim();
  const params: JobParams = { config_file: configFile, ...viewerParams(form, derivedTitle(configFile)) };
  if (form.strict) params.strict = true;
  if (form.noLivereload) params.livereload = false;
  const watch = pathsOf(form.watch);
  if (watch.length) params.watch = watch;
  return params;
}

/** The form that would make the same again. */
export function formOf(params: JobParams, priority: number): Form {
  return {
    ...viewerFormOf(params, priority),
    configFile: asText(params.config_file),
    strict: params.strict ?? false,
    noLivereload: params.livereload === false,
    watch: params.watch?.join(", ") ?? "",
  };
}

export const KEEPING: Keeping<Form> = {
  key: "forgather-global-mkdocs-v1",
  defaults: DEFAULTS,
  toStored: (form) => ({
    configFile: form.configFile.trim(),
    ...listeningStored(form),
    strict: form.strict,
    livereload: !form.noLivereload,
    watchDirs: form.watch.trim(),
    // Not known to Forgather's page: there only where they say something.
    ...(form.bindAll ? { bindAll: true } : {}),
    ...(form.windowTitle === null ? {} : { windowTitle: form.windowTitle }),
    ...ownStored(form),
  }),
  fromStored: (kept) => ({
    ...viewerFromStored(kept, USUAL_PORT),
    configFile: kept.text("configFile"),
    strict: kept.truth("strict"),
    noLivereload: !kept.truth("livereload", true),
    watch: kept.text("watchDirs").replaceAll(/\s*\n\s*/g, ", "),
  }),
};
