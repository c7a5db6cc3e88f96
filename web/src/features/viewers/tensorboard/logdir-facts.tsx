import type { LogdirFacts } from "../../../shared/api/types";
import { bytes } from "../../../shared/format/bytes";
import { plural } from "../../../shared/format/plural";
import { span } from "../../../shared/format/seconds";
import { useNow } from "../../../shared/live/clock";

/** The runs and event files of a folder, in one line. */
export function LogdirLine({ facts }: { facts: LogdirFacts }) {
  const now = useNow();
  if (facts.error) return <span className="bad">{facts.error}</span>;
  if (!facts.exists) return <span className="quiet">not there yet: TensorBoard will be empty until a training creates it</span>;
  const { complete } = facts;
  if (!facts.event_files) {
    return <span className="quiet">{complete ? "no event files yet" : "too many entries to search: it may have event files"}</span>;
  }
  return (
    <span className="good">
      {complete ? "" : "at least "}
      {plural(facts.runs, "run")}, {plural(facts.event_files, "event file")}, {bytes(facts.size_bytes)}
      {facts.newest_event_time !== null && `, last event ${span(now - facts.newest_event_time)} ago`}
    </span>
  );
}
