import { BindAllField, CommonFields, PlacingFields, PrivateField, type FieldsProps } from "../viewer/common-fields";
import type { Seed } from "../viewer/dialogs";
import { CheckField, TextField } from "../viewer/fields";
import { VIEWERS } from "../viewer/kinds";
import { ViewerDialog, type DialogKind } from "../viewer/viewer-dialog";
import { ConfigFileField } from "./config-file-field";
import { ADVANCED, derivedTitle, FIELDS, formOf, KEEPING, paramsOf, problemsOf, USUAL_PORT, type Form } from "./form";

function Main(props: FieldsProps<Form>) {
  const { form, problems, change } = props;
  return (
    <>
      <ConfigFileField
        value={form.configFile}
        onChange={(configFile) => change({ configFile })}
        problem={problems.configFile}
      />
      <CommonFields
        {...props}
        noun={VIEWERS.mkdocs.noun}
        usualPort={USUAL_PORT}
        derivedTitle={derivedTitle(form.configFile)}
        titleHint="What lists call it. Its pages are titled by their site_name."
      />
      <div className="form-grid">
        <CheckField
          label="--strict"
          on={form.strict}
          onChange={(strict) => change({ strict })}
          problem={problems.strict}
          hint="A warning of the build ends it."
        />
        <CheckField
          label="--no-livereload"
          on={form.noLivereload}
          onChange={(noLivereload) => change({ noLivereload })}
          problem={problems.noLivereload}
          hint="Do not build again when a page changes."
        />
      </div>
    </>
  );
}

function Advanced(props: FieldsProps<Form>) {
  const { form, problems, change } = props;
  return (
    <div className="form-grid">
      <TextField
        label="Watch"
        value={form.watch}
        onChange={(watch) => change({ watch })}
        placeholder="/path/to/snippets, /path/to/src"
        mono
        problem={problems.watch}
        hint="More files and folders, a change of which builds the site again; commas between them."
      />
      <PlacingFields {...props} />
      <div className="field-checks">
        <PrivateField {...props} />
        <BindAllField {...props} shows="site" />
      </div>
    </div>
  );
}

const MKDOCS: DialogKind<Form> = {
  type: "mkdocs",
  submit: "Start MkDocs",
  queued: "MkDocs is queued.",
  keeping: KEEPING,
  advanced: ADVANCED,
  fields: FIELDS,
  problemsOf,
  paramsOf,
  formOf,
  titleOf: (form) => derivedTitle(form.configFile),
  Main,
  Advanced,
};

export default function MkDocsDialog(props: { seed: Seed; onClose: () => void }) {
  return <ViewerDialog kind={MKDOCS} {...props} />;
}
