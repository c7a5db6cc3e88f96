import type { Project, ProjectConfig } from "../api/types";
import { useTensorBoardDialog } from "../tensorboard/dialogs";

/** Opens the TensorBoard dialog on a config's output folder; `why` says why it cannot. */
export function useConfigDialog(project: Project, config: ProjectConfig): { open: () => void; why: string | null } {
  const openDialog = useTensorBoardDialog();
  const { output_dir: logdir, error } = config;
  const why = error ?? (logdir === null ? "This config has no output folder." : null);
  const open = (): void => {
    if (logdir === null) return;
    openDialog({ kind: "config", logdir, title: config.config_name ?? config.name, projectDir: project.project_dir });
  };
  return { open, why };
}
