import { lazy } from "react";
import { viewerKind } from "../../../shared/viewers/kinds";
import { optionsOf } from "../../../shared/viewers/options";

export const TENSORBOARD = viewerKind(optionsOf("tensorboard"), {
  plural: "TensorBoards",
  icon: "tensorboard",
  start: "Start a TensorBoard",
  Dialog: lazy(() => import("./tensorboard-dialog")),
});
