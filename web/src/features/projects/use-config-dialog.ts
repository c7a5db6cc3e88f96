import type { Project, ProjectConfig } from "../../shared/api/types";
import { useViewerDialog } from "../../shared/viewers/dialog";

/** Opens the TensorBoard dialog on a config's output folder; `disabledReason` says why that is not possible. */
export function useConfigDialog(project: Project, config: ProjectConfig): { open: () => void; disabledReason: string | null } {
  const openDialog = useViewerDialog();
  const { output_dir: logdir, error } = config;
  const disabledReason = error ?? (logdir === null ? "This config has no output folder." : null);
  const open = (): void => {
    if (logdir === null) return;
    const title = config.config_name ?? config.name;
    openDialog("tensorboard", { kind: "config", logdir, title, projectDir: project.project_dir });
  };
  return { open, disabledReason };
}
