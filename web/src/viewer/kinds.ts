/** The kinds of viewer that this page has words and a dialog for. One that it does not know is shown by its name. */
import type { Job, JobParams } from "../api/types";
import type { IconName } from "../parts/icon";

export const VIEWER_TYPES = ["tensorboard", "mkdocs"] as const;
export type ViewerType = (typeof VIEWER_TYPES)[number];

export interface ViewerWords {
  /** What a person calls the program. */
  noun: string;
  icon: IconName;
  /** What opening its dialog does. */
  start: string;
  /** The param that says what it shows, and its name in the page. */
  shows: { param: keyof JobParams; label: string };
}

export const VIEWERS: Readonly<Record<ViewerType, ViewerWords>> = {
  tensorboard: {
    noun: "TensorBoard",
    icon: "tensorboard",
    start: "Start a TensorBoard",
    shows: { param: "logdir", label: "Log directory" },
  },
  mkdocs: {
    noun: "MkDocs",
    icon: "mkdocs",
    start: "Start MkDocs",
    shows: { param: "config_file", label: "Config file" },
  },
};

export function isViewerType(type: string): type is ViewerType {
  return type in VIEWERS;
}

export function nounOf(type: string): string {
  return isViewerType(type) ? VIEWERS[type].noun : type;
}

export function iconOf(type: string): IconName {
  return isViewerType(type) ? VIEWERS[type].icon : "server";
}

/** What the job shows: its name, and the path. */
export function shownBy(job: Job): { label: string; path: string } {
  if (!isViewerType(job.job_type)) return { label: "Folder", path: job.output_dir };
  const { param, label } = VIEWERS[job.job_type].shows;
  const path = job.job_params[param];
  return { label, path: typeof path === "string" ? path : job.output_dir };
}
