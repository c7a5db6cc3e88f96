/** A field: its name, its control, what it means, what is wrong with it. */
import { useId } from "react";

interface Common {
  label: string;
  hint?: React.ReactNode | undefined;
  problem?: string | undefined;
}

interface TextFieldProps extends Common {
  value: string;
  onChange: (value: string) => void;
  placeholder?: string | undefined;
  numeric?: boolean;
  mono?: boolean;
  /** Where its dialog begins. */
  first?: boolean;
  /** What stands behind the control, in its line. */
  beside?: React.ReactNode;
  /** What the machine says about the value; null: nothing yet. Its place, which the hint has meanwhile, is kept: what
   * comes while a button is pressed must not move that away. */
  facts?: React.ReactNode;
}

export function TextField(props: TextFieldProps) {
  const { label, hint, problem, value, onChange, placeholder, numeric, mono, first, beside, facts } = props;
  const id = useId();
  const hasFacts = facts !== undefined;
  const about = [hasFacts && `${id}-facts`, !hasFacts && hint && `${id}-hint`, problem && `${id}-problem`]
    .filter(Boolean)
    .join(" ");
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className="field-line">
        <input
          id={id}
          className={mono ? "input mono" : "input"}
          value={value}
          placeholder={placeholder}
          inputMode={numeric ? "numeric" : undefined}
          data-first={first || undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-describedby={about || undefined}
          aria-invalid={problem ? true : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
        {beside}
      </div>
      {problem && (
        <p className="field-error" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {hasFacts && (
        <div className="field-facts" id={`${id}-facts`} aria-live="polite">
          {facts || (hint && <span className="hint">{hint}</span>)}
        </div>
      )}
      {!hasFacts && hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface CheckFieldProps extends Common {
  on: boolean;
  onChange: (on: boolean) => void;
  warning?: React.ReactNode;
}

export function CheckField({ label, hint, problem, on, onChange, warning }: CheckFieldProps) {
  const id = useId();
  return (
    <div className="field field-check">
      <input
        id={id}
        type="checkbox"
        checked={on}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        <div id={`${id}-hint`}>
          {hint && <p className="hint">{hint}</p>}
          {warning && <p className="field-warning">{warning}</p>}
          {problem && <p className="field-error">{problem}</p>}
        </div>
      </div>
    </div>
  );
}
