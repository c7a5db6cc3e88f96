import { useState } from "react";
import { TextField } from "../../shared/parts/fields";

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
  return (
    <TextField
      label={label}
      hint={hint}
      value={value}
      onChange={onChange}
      wrong={wrong}
      attributes={{ type: shown ? "text" : "password", autoComplete, autoFocus: autoFocus ?? false, required: true }}
      beside={
        <button
          type="button"
          className="button"
          aria-label={`${shown ? "Hide" : "Show"} ${label.toLowerCase()}`}
          onClick={() => setShown(!shown)}
        >
          {shown ? "Hide" : "Show"}
        </button>
      }
    />
  );
}
