import { logdirQuery } from "../../../shared/api/queries";
import { ApiError } from "../../../shared/api/request";
import type { ViewerDialogProps } from "../../../shared/viewers/kinds";
import { definitionOf } from "../definition";
import { textIn } from "../form";
import { ViewerDialog } from "../viewer-dialog";
import { REFERENCE } from "./form";
import { LogdirField } from "./logdir-field";

const DEFINITION = definitionOf("tensorboard", REFERENCE, {
  queued: "The TensorBoard is queued.",
  Path: LogdirField,
  // The answer is mostly there already, and it names the field.
  check: async (client, form) => {
    const facts = await client.fetchQuery(logdirQuery(textIn(form, "logdir").trim())).catch(() => null);
    if (facts?.error) throw new ApiError(400, facts.error, "logdir");
  },
});

export default function TensorBoardDialog(props: ViewerDialogProps) {
  return <ViewerDialog definition={DEFINITION} {...props} />;
}
