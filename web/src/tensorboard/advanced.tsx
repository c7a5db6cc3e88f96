import { PlacingFields, PrivateField, type FieldsProps } from "../viewer/common-fields";
import { CheckField, TextField } from "../viewer/fields";
import type { Form } from "./form";

export function Advanced(props: FieldsProps<Form>) {
  const { form, problems, change } = props;
  return (
    <div className="form-grid">
      <TextField
        label="Reload interval"
        value={form.reloadInterval}
        onChange={(reloadInterval) => change({ reloadInterval })}
        placeholder="5"
        numeric
        problem={problems.reloadInterval}
        hint="Seconds between two looks at the files. 0 loads once."
      />
      <TextField
        label="Samples per plugin"
        value={form.samplesPerPlugin}
        onChange={(samplesPerPlugin) => change({ samplesPerPlugin })}
        placeholder="images=100,scalars=500"
        mono
        problem={problems.samplesPerPlugin}
        hint="How many points each plugin keeps. 0 keeps all."
      />
      <PlacingFields {...props} />
      <div className="field-checks">
        <CheckField
          label="--reload_multifile"
          on={form.reloadMultifile}
          onChange={(reloadMultifile) => change({ reloadMultifile })}
          problem={problems.reloadMultifile}
          hint="Follow all event files of a run, with the slower loader."
        />
        <PrivateField {...props} />
      </div>
    </div>
  );
}
