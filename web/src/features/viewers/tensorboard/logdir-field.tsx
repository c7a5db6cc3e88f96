import { useQuery } from "@tanstack/react-query";
import { logdirQuery } from "../../../shared/api/queries";
import { plural } from "../../../shared/format/plural";
import { useDebounced } from "../../../shared/parts/use-debounced";
import { BrowsedPath, type PathFieldProps } from "../path-field";
import { LogdirLine } from "./logdir-facts";

function FolderNote({ path }: { path: string }) {
  const facts = useQuery({ ...logdirQuery(path), retry: false }).data;
  return facts && <LogdirLine facts={facts} />;
}

/** The number of runs in a folder of the picker; nothing if there are none. */
function RunsBadge({ path }: { path: string }) {
  const facts = useQuery({ ...logdirQuery(path), retry: false, staleTime: 60_000 }).data;
  if (!facts?.event_files) return null;
  return <span className="tag">{facts.complete ? "" : "at least "}{plural(facts.runs, "run")}</span>;
}

/** Says at once what the folder holds. */
export function LogdirField(props: PathFieldProps) {
  const { value, problem } = props;
  const settled = useDebounced(value.trim(), 250);
  const facts = useQuery({ ...logdirQuery(settled), enabled: settled.startsWith("/"), retry: false }).data;
  return (
    <BrowsedPath
      {...props}
      Note={FolderNote}
      Badge={RunsBadge}
      facts={!problem && facts && facts.path && settled === value.trim() ? <LogdirLine facts={facts} /> : null}
      start={facts?.exists ? facts.path : null}
    />
  );
}
