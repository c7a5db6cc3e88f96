import { lazy } from "react";
import { viewerKind, type ViewerKind } from "../../shared/viewers/kinds";
import type { KindOptions } from "../../shared/viewers/options";

/** A kind that has no folder here. */
export function genericKind(options: KindOptions): ViewerKind {
  return viewerKind(options, {
    plural: options.noun,
    icon: "server",
    start: `Start ${options.noun}`,
    Dialog: lazy(() => import("./generic-dialog")),
  });
}
