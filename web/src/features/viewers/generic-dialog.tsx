import type { ViewerDialogProps } from "../../shared/viewers/kinds";
import { definitionOf } from "./definition";
import { ViewerDialog } from "./viewer-dialog";

/** The dialog of a kind that has no folder here. */
export default function GenericDialog(props: ViewerDialogProps) {
  return <ViewerDialog definition={definitionOf(props.viewer.type)} {...props} />;
}
