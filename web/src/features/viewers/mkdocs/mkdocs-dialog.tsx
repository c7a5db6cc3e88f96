import type { ViewerDialogProps } from "../../../shared/viewers/kinds";
import { definitionOf } from "../definition";
import { ViewerDialog } from "../viewer-dialog";
import { REFERENCE } from "./form";

const DEFINITION = definitionOf("mkdocs", REFERENCE);

export default function MkDocsDialog(props: ViewerDialogProps) {
  return <ViewerDialog definition={DEFINITION} {...props} />;
}
