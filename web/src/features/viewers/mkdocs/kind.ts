import { lazy } from "react";
import { viewerKind } from "../../../shared/viewers/kinds";
import { optionsOf } from "../../../shared/viewers/options";

export const MKDOCS = viewerKind(optionsOf("mkdocs"), {
  plural: "MkDocs",
  icon: "mkdocs",
  start: "Start MkDocs",
  Dialog: lazy(() => import("./mkdocs-dialog")),
});
