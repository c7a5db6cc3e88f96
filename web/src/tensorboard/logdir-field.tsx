import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { logdirQuery } from "../api/queries";
import { useDebounced } from "../parts/debounced";
import { Icon } from "../parts/icon";
import { TextField } from "../viewer/fields";
import { PathPicker } from "../viewer/path-picker";
import { LogdirLine } from "./logdir-facts";

interface LogdirFieldProps {
  value: string;
  onChange: (value: string) => void;
  problem: string | undefined;
}

function FolderNote({ path }: { path: string }) {
  const facts = useQuery({ ...logdirQuery(path), retry: false }).data;
  return facts && <LogdirLine facts={facts} />;
}

export function LogdirField({ value, onChange, problem }: LogdirFieldProps) {
  const [picking, setPicking] = useState(false);
  const settled = useDebounced(value.trim(), 250);
  const facts = useQuery({ ...logdirQuery(settled), enabled: settled.startsWith("/"), retry: false }).data;
  return (
    <>
      <TextField
        label="Log directory"
        value={value}
        onChange={onChange}
        placeholder="/path/to/output_models"
        mono
        first
        problem={problem}
        facts={!problem && facts && facts.path && settled === value.trim() ? <LogdirLine facts={facts} /> : null}
        hint={value ? undefined : "The folder that holds the runs. TensorBoard finds every run below it."}
        beside={
          <button type="button" className="button" aria-haspopup="dialog" onClick={() => setPicking(true)}>
            <Icon name="folder" />
            Browse...
          </button>
        }
      />
      {picking && (
        <PathPicker
          Note={FolderNote}
          // Of a half-typed path the server could only say that it is not there.
          start={facts?.exists ? facts.path : null}
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
