import { useState } from "react";
import { Icon } from "../parts/icon";
import { TextField } from "../viewer/fields";
import { PathPicker, type FileChoice } from "../viewer/path-picker";

const CONFIGURATIONS: FileChoice = { suffixes: [".yml", ".yaml"], usual: "mkdocs.yml" };

interface ConfigFileFieldProps {
  value: string;
  onChange: (value: string) => void;
  problem: string | undefined;
}

export function ConfigFileField({ value, onChange, problem }: ConfigFileFieldProps) {
  const [picking, setPicking] = useState(false);
  const typed = value.trim();
  return (
    <>
      <TextField
        label="Config file"
        value={value}
        onChange={onChange}
        placeholder="/path/to/mkdocs.yml"
        mono
        first
        problem={problem}
        hint={value ? undefined : "The mkdocs.yml of the site. It stays untouched."}
        beside={
          <button type="button" className="button" aria-haspopup="dialog" onClick={() => setPicking(true)}>
            <Icon name="file" />
            Browse...
          </button>
        }
      />
      {picking && (
        <PathPicker
          files={CONFIGURATIONS}
          // Of a half-typed path the server could only say that it is not there.
          start={/^\/.+\.ya?ml$/.test(typed) ? typed.replace(/\/[^/]+$/, "") || "/" : null}
          onClose={() => setPicking(false)}
          onChoose={(path) => {
            onChange(path);
            setPicking(false);
          }}
        />
      )}
    </>
  );
}
