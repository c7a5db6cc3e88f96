import type { LogdirFacts } from "../api/types";
import { bytes } from "../format/bytes";
import { counted } from "../format/counted";
import { span } from "../format/seconds";
import { useNow } from "../live/clock";

/** What a folder holds, in one line. */
export function LogdirLine({ facts }: { facts: LogdirFacts }) {
  const now = useNow();
  if (facts.error || !facts.exists) return <span className="bad">{facts.error ?? "This folder does not exist."}</span>;
  if (!facts.event_files) return <span className="quiet">no event files yet</span>;
  return (
    <span className="good">
      {counted(facts.runs, "run")}, {counted(facts.event_files, "event file")}, {bytes(facts.size_bytes)}
      {facts.newest_event_time !== null && `, last event ${span(now - facts.newest_event_time)} ago`}
    </span>
  );
}
