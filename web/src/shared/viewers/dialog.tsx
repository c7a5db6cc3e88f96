/** Opens a viewer's dialog from any view. */
import { createContext, Suspense, useContext, useState } from "react";
import type { Job } from "../api/types";
import { kindOf, type ViewerKind } from "./kinds";
import type { Seed } from "./seed";

type OpenDialog = (type: string, seed: Seed) => void;

const DialogContext = createContext<OpenDialog>(() => undefined);

/** The function that opens the dialog of a kind. Kinds without a dialog are ignored. */
export function useViewerDialog(): OpenDialog {
  return useContext(DialogContext);
}

/** Opens a job's own dialog; null if its kind has none. */
export function useJobDialog(job: Job): (() => void) | null {
  const open = useViewerDialog();
  return kindOf(job.job_type) ? () => open(job.job_type, { kind: "again", job }) : null;
}

export function ViewerDialogs({ children }: { children: React.ReactNode }) {
  const [opened, setOpened] = useState<{ viewer: ViewerKind; seed: Seed } | null>(null);
  const open: OpenDialog = (type, seed) => {
    const viewer = kindOf(type);
    if (viewer) setOpened({ viewer, seed });
  };
  return (
    <DialogContext value={open}>
      {children}
      {opened && (
        <Suspense fallback={null}>
          <opened.viewer.Dialog {...opened} onClose={() => setOpened(null)} />
        </Suspense>
      )}
    </DialogContext>
  );
}
