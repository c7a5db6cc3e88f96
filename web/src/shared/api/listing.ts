/** The list of projects, and how to apply the server's updates to it. */
import type { Listing, ListingUpdate, Project } from "./types";

/** `known` with the update applied; unchanged projects remain the same objects. */
export function applyUpdate(known: Listing | undefined, update: ListingUpdate): Listing {
  const { projects, version } = update;
  const ofVersion = version === undefined ? {} : { version };
  if (update.since === undefined || known?.version !== update.since) return { projects, ...ofVersion };
  const found = new Map(known.projects.map((project) => [project.project_dir, project]));
  for (const folder of update.removed ?? []) found.delete(folder);
  for (const project of projects) found.set(project.project_dir, project);
  return { projects: projects.length ? [...found.values()].sort(byFolder) : [...found.values()], ...ofVersion };
}

const byFolder = (one: Project, other: Project): number =>
  one.project_dir < other.project_dir ? -1 : Number(one.project_dir > other.project_dir);
