/** Projects and their configs as the lines of a tree. */
import type { Project, ProjectConfig } from "../../shared/api/types";

export interface Chosen {
  project: Project;
  config: ProjectConfig;
}

export type Item =
  | { kind: "project"; key: string; project: Project; open: boolean; matches: number }
  | { kind: "config"; key: string; project: Project; config: ProjectConfig; parent: string };

export function keyOf(project: Project, config?: ProjectConfig): string {
  return config ? `${project.project_dir}\n${config.name}` : project.project_dir;
}

/** The config that an address names. */
export function configAt(projects: readonly Project[], folder: string | null, name: string | null): Chosen | undefined {
  const project = projects.find((one) => one.project_dir === folder);
  const config = project?.configs.find((one) => one.name === name);
  return project && config && { project, config };
}

/** The lines to show: those that contain `text`, with their project. A filter opens the projects of matching configs. */
export function itemsOf(projects: readonly Project[], opened: ReadonlySet<string>, text: string): Item[] {
  const wanted = text.trim().toLowerCase();
  return projects.flatMap((project): Item[] => {
    const own = `${project.name} ${project.project_dir}`.toLowerCase().includes(wanted);
    const configs = project.configs.filter(
      (config) => own || `${config.name} ${config.config_name ?? ""}`.toLowerCase().includes(wanted),
    );
    if (!own && !configs.length) return [];
    const key = keyOf(project);
    const open = opened.has(key) || (wanted !== "" && !own);
    const lines = open ? configs : [];
    return [
      { kind: "project", key, project, open, matches: configs.length },
      ...lines.map((config): Item => ({ kind: "config", key: keyOf(project, config), project, config, parent: key })),
    ];
  });
}
