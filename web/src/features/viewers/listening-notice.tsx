/** Shows where the last viewer listened. The dialog does not restore it: a viewer's page may have written it. */
import type { Listening } from "./stored";

interface ListeningNoticeProps {
  last: Listening;
  onUse: () => void;
}

export function ListeningNotice({ last, onUse }: ListeningNoticeProps) {
  const where = last.bindAll ? "all addresses of this machine" : last.host;
  return (
    <p className="hint" role="status">
      The last viewer listened on {where}. This one does not unless you choose so.{" "}
      <button type="button" className="quiet-button" onClick={onUse}>
        Listen on {where}
      </button>
    </p>
  );
}
