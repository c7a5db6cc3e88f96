import type { DeclaredService, Job } from "../api/types";

/** The initial values of a viewer's dialog. */
export type Seed =
  /** The settings of the last viewer that was started here. */
  | { kind: "global" }
  /** A config's output folder; the stored settings are neither read nor written. */
  | { kind: "config"; logdir: string; title: string; projectDir: string }
  /** The settings of an earlier job. */
  | { kind: "again"; job: Job }
  /** A declared service, to edit. */
  | { kind: "service"; service: DeclaredService };
