/** The controls of a kind's options in its dialog. */
import { useState } from "react";
import { CheckField, FieldChecks, FieldGrid, TextField } from "../../shared/parts/fields";
import type { KindOptions } from "../../shared/viewers/options";
import { hostOf, keyOf, shownOptions, textIn, type Change, type Problems, type ShownOption, type Use, type ViewerForm } from "./form";
import { PathField, type PathFieldProps } from "./path-field";
import { PortField } from "./port-field";

export interface FieldsProps {
  kind: KindOptions;
  form: ViewerForm;
  problems: Problems;
  change: (part: Change) => void;
  use: Use;
  /** The port of the edited service, which it holds itself. */
  ownPort: string | null;
  /** The title if none was typed. */
  derivedTitle: string;
  /** The control of the path that it shows. */
  Path?: React.ComponentType<PathFieldProps> | undefined;
}

/** Those that are shown first: the path, the port, the title, and the check boxes of the kind. */
export function MainFields(props: FieldsProps) {
  const { kind, form, problems, change, use, ownPort, derivedTitle, Path = PathField } = props;
  const options = shownOptions(kind).filter((option) => option.field.place === "main");
  const path = options.find((option) => option.name === kind.required);
  const title = options.find((option) => option.name === "window_title");
  const others = options.filter((option) => option !== path && option !== title && option.type !== "port");
  const checks = others.map((option) => <OptionField key={option.name} option={option} {...props} />);
  return (
    <>
      {path && (
        <Path
          type={kind.type}
          field={path.field}
          value={textIn(form, keyOf(path))}
          onChange={(value) => change({ [keyOf(path)]: value })}
          problem={problems[keyOf(path)]}
        />
      )}
      <FieldGrid>
        <PortField
          value={form.port}
          usual={String(kind.usualPort)}
          isOwn={form.port === ownPort}
          mayBeEmpty={use === "service"}
          host={hostOf(form)}
          onChange={(port) => change({ port })}
          problem={problems["port"]}
        />
        <TextField
          label="Priority"
          value={form.priority}
          onChange={(priority) => change({ priority })}
          numeric
          problem={problems["priority"]}
          hint="Higher starts sooner; no GPUs reserved."
        />
      </FieldGrid>
      {title && (
        <TitleField
          field={title.field}
          noun={kind.noun}
          value={form.windowTitle}
          derivedTitle={derivedTitle}
          onChange={(windowTitle) => change({ windowTitle })}
          problem={problems["windowTitle"]}
        />
      )}
      {checks.length > 1 ? <FieldGrid>{checks}</FieldGrid> : checks}
    </>
  );
}

interface TitleFieldProps {
  field: ShownOption["field"];
  noun: string;
  value: ViewerForm["windowTitle"];
  derivedTitle: string;
  onChange: (value: string) => void;
  problem: string | undefined;
}

/** The title. The derived one does not appear while the field has the focus: it would mix with what is being typed. */
function TitleField({ field, noun, value, derivedTitle, onChange, problem }: TitleFieldProps) {
  const [focusedTitle, setFocusedTitle] = useState<string | null>(null);
  return (
    <div onFocus={() => setFocusedTitle(derivedTitle)} onBlur={() => setFocusedTitle(null)}>
      <TextField
        label={field.label}
        value={value ?? focusedTitle ?? derivedTitle}
        onChange={onChange}
        placeholder={noun}
        problem={problem}
        hint={field.hint || undefined}
      />
    </div>
  );
}

/** The others: text first, then the check boxes. */
export function AdvancedFields(props: FieldsProps) {
  const options = shownOptions(props.kind).filter((option) => option.field.place === "advanced");
  const isHidden = (option: ShownOption): boolean => option.name === "host" && props.form.bindAll;
  const fields = (isCheck: boolean) =>
    options
      .filter((option) => (option.type === "truth") === isCheck && !isHidden(option))
      .map((option) => <OptionField key={option.name} option={option} {...props} />);
  return (
    <FieldGrid>
      {fields(false)}
      <FieldChecks>{fields(true)}</FieldChecks>
    </FieldGrid>
  );
}

function OptionField({ option, form, problems, change }: FieldsProps & { option: ShownOption }) {
  const key = keyOf(option);
  const { label, hint, placeholder, warning } = option.field;
  if (option.type === "truth") {
    return (
      <CheckField
        label={label}
        on={form[key] === true}
        onChange={(on) => change({ [key]: on })}
        problem={problems[key]}
        hint={hint}
        warning={form[key] === true && warning}
      />
    );
  }
  return (
    <TextField
      label={label}
      value={textIn(form, key)}
      onChange={(value) => change({ [key]: value })}
      placeholder={placeholder || undefined}
      numeric={option.type === "seconds" || option.type === "whole"}
      mono={option.type === "text" || option.type === "path" || option.type === "paths"}
      problem={problems[key]}
      hint={hint || undefined}
    />
  );
}
