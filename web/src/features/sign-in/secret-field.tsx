import { useId, useState } from "react";
import styles from "./secret-field.module.css";

interface SecretFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  autoComplete: "current-password" | "new-password";
  hint?: React.ReactNode;
  autoFocus?: boolean;
  wrong?: boolean;
}

/** A field for a password or a token, which can be shown. */
export function SecretField({ label, value, onChange, autoComplete, hint, autoFocus, wrong }: SecretFieldProps) {
  const [shown, setShown] = useState(false);
  const id = useId();
  return (
    <div className={styles["field"]}>
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      <div className={styles["line"]}>
        <input
          id={id}
          className="input"
          type={shown ? "text" : "password"}
          autoComplete={autoComplete}
          autoCapitalize="off"
          spellCheck={false}
          autoFocus={autoFocus}
          required
          value={value}
          aria-describedby={hint ? `${id}-hint` : undefined}
          aria-invalid={wrong || undefined}
          onChange={(event) => onChange(event.target.value)}
        />
        <button
          type="button"
          className="button"
          aria-label={`${shown ? "Hide" : "Show"} ${label.toLowerCase()}`}
          onClick={() => setShown(!shown)}
        >
          {shown ? "Hide" : "Show"}
        </button>
      </div>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
