import type { Project, ProjectConfig } from "../api/types";
import { useViewerDialog } from "../viewer/dialogs";

/** Opens the TensorBoard dialog on a config's output folder; `why` says why it cannot. */
export function useConfigDialog(project: Project, config: ProjectConfig): { open: () => void; why: string | null } {
  const openDialog = useViewerDialog();
  const { output_dir: logdir, error } = config;
  const why = error ?? (logdir === null ? "This config has no output folder." : null);
  const open = (): void => {
    if (logdir === null) return;
    const title = config.config_name ?? config.name;
    openDialog("tensorboard", { kind: "config", logdir, title, projectDir: project.project_dir });
  };
  return { open, why };
}
