import { logdirQuery } from "../api/queries";
import { ApiError } from "../api/request";
import { BindAllField, CommonFields, type FieldsProps } from "../viewer/common-fields";
import type { Seed } from "../viewer/dialogs";
import { VIEWERS } from "../viewer/kinds";
import { ViewerDialog, type DialogKind } from "../viewer/viewer-dialog";
import { Advanced } from "./advanced";
import { ADVANCED, derivedTitle, FIELDS, formOf, KEEPING, paramsOf, problemsOf, USUAL_PORT, type Form } from "./form";
import { LogdirField } from "./logdir-field";

function Main(props: FieldsProps<Form>) {
  const { form, problems, change } = props;
  return (
    <>
      <LogdirField value={form.logdir} onChange={(logdir) => change({ logdir })} problem={problems.logdir} />
      <CommonFields
        {...props}
        noun={VIEWERS.tensorboard.noun}
        usualPort={USUAL_PORT}
        derivedTitle={derivedTitle(form.logdir)}
      />
      <BindAllField {...props} shows="runs" />
    </>
  );
}

const TENSORBOARD: DialogKind<Form> = {
  type: "tensorboard",
  submit: "Start TensorBoard",
  queued: "The TensorBoard is queued.",
  keeping: KEEPING,
  advanced: ADVANCED,
  fields: FIELDS,
  problemsOf,
  paramsOf,
  formOf,
  titleOf: (form) => derivedTitle(form.logdir),
  Main,
  Advanced,
  // The answer is mostly there already, and it names the field.
  look: async (client, form) => {
    const facts = await client.fetchQuery(logdirQuery(form.logdir.trim())).catch(() => null);
    if (facts?.error) throw new ApiError(400, facts.error, "logdir");
  },
};

export default function TensorBoardDialog(props: { seed: Seed; onClose: () => void }) {
  return <ViewerDialog kind={TENSORBOARD} {...props} />;
}
