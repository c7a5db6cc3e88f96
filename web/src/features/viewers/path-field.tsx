import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { completionsQuery } from "../../shared/api/queries";
import { Icon } from "../../shared/parts/icon";
import { TextField } from "../../shared/parts/fields";
import type { OptionField } from "../../shared/viewers/options";
import { useDebounced } from "../../shared/parts/use-debounced";
import { recentPaths } from "./recent-paths";
import { commentOn, withHome } from "./typed-path";
import { PathPicker } from "../../shared/paths/path-picker";

export interface PathFieldProps {
  /** The kind of viewer. */
  type: string;
  field: OptionField;
  value: string;
  onChange: (value: string) => void;
  problem: string | undefined;
}

interface BrowsedPathProps extends PathFieldProps {
  /** What the machine says about the path; null: nothing yet. */
  facts?: React.ReactNode;
  /** The folder that the picker begins in; null: the server's choice. */
  start: string | null;
  Note?: React.ComponentType<{ path: string }>;
  Badge?: React.ComponentType<{ path: string }>;
}

/** The path that a viewer shows, typed or picked. */
export function BrowsedPath({ type, field, value, onChange, problem, facts, start, Note, Badge }: BrowsedPathProps) {
  const [picking, setPicking] = useState(false);
  const settled = useDebounced(value.trim(), 150);
  const completions = useQuery({ ...completionsQuery(settled, field.files?.suffixes.join(",")), retry: false }).data;
  const [recent] = useState(() => recentPaths(localStorage, type));
  const home = completions?.home;
  // `~` was typed before the home was known.
  const known = withHome(value, home);
  useEffect(() => {
    if (known !== value) onChange(known);
  }, [known, value, onChange]);
  const comment = commentOn(value.trim());
  const shownFacts = comment ? <span className="field-warning">{comment}</span> : facts;
  return (
    <>
      <TextField
        label={field.label}
        value={value}
        onChange={(typed) => onChange(withHome(typed, home))}
        suggestions={value ? (completions?.paths ?? []) : recent}
        placeholder={field.placeholder || undefined}
        mono
        first
        problem={problem}
        {...(shownFacts === undefined ? {} : { facts: shownFacts })}
        hint={value ? undefined : field.hint || undefined}
        beside={
          <button type="button" className="button" aria-haspopup="dialog" onClick={() => setPicking(true)}>
            <Icon name={field.files ? "file" : "folder"} />
            Browse...
          </button>
        }
      />
      {picking && (
        <PathPicker
          {...(field.files ? { files: field.files } : {})}
          {...(Note ? { Note } : {})}
          {...(Badge ? { Badge } : {})}
          start={start}
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

/** Of a half-typed path the server could only say that it is not there. */
function folderOf(typed: string, field: OptionField): string | null {
  if (!typed.startsWith("/")) return null;
  if (!field.files) return typed;
  return field.files.suffixes.some((suffix) => typed.endsWith(suffix)) ? typed.replace(/\/[^/]+$/, "") || "/" : null;
}

export function PathField(props: PathFieldProps) {
  return <BrowsedPath {...props} start={folderOf(props.value.trim(), props.field)} />;
}
