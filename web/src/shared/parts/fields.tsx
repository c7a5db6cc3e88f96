/** Form fields: a label, a control, a hint, and an error. */
import { useId } from "react";
import styles from "./fields.module.css";

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
  /** Gets the focus when its dialog opens. */
  first?: boolean;
  /** Offered while the user types. */
  suggestions?: readonly string[];
  /** Shown behind the control, on its line. */
  beside?: React.ReactNode;
  /** What the server knows of the value; null: nothing yet. The line is reserved (for the hint meanwhile), so that a
   * late response does not move the buttons below. */
  facts?: React.ReactNode;
  /** Marks the control, without a sentence of its own. */
  wrong?: boolean | undefined;
  /** Further attributes of the control. */
  attributes?: React.InputHTMLAttributes<HTMLInputElement>;
}

export function TextField(props: TextFieldProps) {
  const { label, hint, problem, value, onChange, placeholder, numeric, mono, first, suggestions, beside, facts } = props;
  const { wrong, attributes } = props;
  const id = useId();
  const hasFacts = facts !== undefined;
  const about = [hasFacts && `${id}-facts`, !hasFacts && hint && `${id}-hint`, problem && `${id}-problem`]
    .filter(Boolean)
    .join(" ");
  return (
    <div className={styles["field"]}>
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className={styles["line"]}>
        <input
          id={id}
          className={mono ? "input mono" : "input"}
          value={value}
          placeholder={placeholder}
          inputMode={numeric ? "numeric" : undefined}
          data-first={first || undefined}
          list={suggestions ? `${id}-list` : undefined}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-describedby={about || undefined}
          aria-invalid={problem || wrong ? true : undefined}
          onChange={(event) => onChange(event.target.value)}
          {...attributes}
        />
        {suggestions && (
          <datalist id={`${id}-list`}>
            {suggestions.map((suggestion) => (
              <option key={suggestion} value={suggestion} />
            ))}
          </datalist>
        )}
        {beside}
      </div>
      {problem && (
        <p className="field-error" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {hasFacts && (
        <div className={styles["facts"]} id={`${id}-facts`} aria-live="polite">
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
    <div className={`${styles["field"]} ${styles["check"]}`}>
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

/** Fields in two columns, in one on a phone. */
export function FieldGrid({ children }: { children: React.ReactNode }) {
  return <div className={styles["grid"]}>{children}</div>;
}

/** Check boxes below each other. */
export function FieldChecks({ children }: { children: React.ReactNode }) {
  return <div className={styles["checks"]}>{children}</div>;
}
