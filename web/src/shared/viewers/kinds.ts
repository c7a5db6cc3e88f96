/** The kinds of viewer that this page has a dialog for. Any other kind that the server runs is shown by its name. */
import type { Job } from "../api/types";
import type { IconName } from "../parts/icon";
import type { KindOptions, Params } from "./options";
import type { Seed } from "./seed";

export interface ViewerDialogProps {
  viewer: ViewerKind;
  seed: Seed;
  onClose: () => void;
}

/** A kind of viewer: its words, its icon and its dialog. */
export interface ViewerKind {
  /** The server's `job_type`. */
  type: string;
  /** The name of the program, and of several of them. */
  noun: string;
  plural: string;
  icon: IconName;
  /** The title of its dialog. */
  start: string;
  /** The param with the path that it shows, and the label of that path. */
  shows: { param: string; label: string };
  Dialog: React.ComponentType<ViewerDialogProps>;
}

/** A kind whose options are known. */
export function viewerKind(options: KindOptions, own: Pick<ViewerKind, "plural" | "icon" | "start" | "Dialog">): ViewerKind {
  const { type, noun, required } = options;
  const label = options.options.find((option) => option.name === required)?.field?.label ?? "Folder";
  return { type, noun, shows: { param: required, label }, ...own };
}

let kinds: readonly ViewerKind[] = [];

/** Called once, before the page is rendered (app/viewers.ts). The sidebar lists them in this order. */
export function registerViewers(all: readonly ViewerKind[]): void {
  kinds = all;
}

export function viewerKinds(): readonly ViewerKind[] {
  return kinds;
}

/** undefined: a kind that only the server knows. */
export function kindOf(type: string): ViewerKind | undefined {
  return kinds.find((kind) => kind.type === type);
}

export function nounOf(type: string): string {
  return kindOf(type)?.noun ?? type;
}

export function iconOf(type: string): IconName {
  return kindOf(type)?.icon ?? "server";
}

/** The path that the job shows, and its label. */
export function shownBy(job: Job): { label: string; path: string } {
  const shows = kindOf(job.job_type)?.shows;
  if (!shows) return { label: "Folder", path: job.output_dir };
  const params: Params = { ...job.job_params };
  const path = params[shows.param];
  return { label: shows.label, path: typeof path === "string" ? path : job.output_dir };
}
