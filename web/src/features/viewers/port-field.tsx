import { useQuery } from "@tanstack/react-query";
import { portQuery } from "../../shared/api/queries";
import type { PortFacts } from "../../shared/api/types";
import { useDebounced } from "../../shared/parts/use-debounced";
import { withoutJobIds } from "../../shared/jobs/state";
import { TextField } from "../../shared/parts/fields";
import { parsePort } from "./form";

interface PortFieldProps {
  value: string;
  usual: string;
  /** Whether the edited service has this port already. */
  isOwn: boolean;
  /** Whether it may be empty: the viewer is then opened through the server only. */
  mayBeEmpty: boolean;
  /** The address to listen on; null: the server's default. */
  host: string | null;
  onChange: (value: string) => void;
  problem: string | undefined;
}

/** What the server knows of the typed port; null: nothing yet. */
export function usePortFacts(value: string, host: string | null, isOwn: boolean): PortFacts | null {
  const settled = useDebounced(value, 200);
  const settledHost = useDebounced(host, 400);
  const port = parsePort(settled);
  const queried = typeof port === "number" ? port : 0;
  const facts = useQuery({ ...portQuery(queried, settledHost), enabled: queried > 0 && !isOwn, retry: false }).data;
  return facts && !isOwn && settled === value && facts.port === queried ? facts : null;
}

/** Shows which job or process holds the port. A held port is allowed: the job waits for it. */
export function PortField({ value, usual, isOwn, mayBeEmpty, host, onChange, problem }: PortFieldProps) {
  const current = usePortFacts(value, host, isOwn);
  const taken = current && !current.free ? current : null;
  return (
    <TextField
      label="Port"
      value={value}
      onChange={onChange}
      numeric
      problem={problem}
      placeholder={mayBeEmpty ? "none" : undefined}
      hint={
        parsePort(value) === "auto"
          ? `The lowest free port from ${usual}.`
          : mayBeEmpty && !value.trim()
            ? "No port: it is opened through this server only."
            : undefined
      }
      facts={
        current &&
        (taken ? (
          <span className="field-warning">
            {taken.error ?? `Taken by ${withoutJobIds(taken.holder ?? "another process")}. ${mayBeEmpty ? "The service would wait for it." : ""}`}
          </span>
        ) : (
          <span className="good">free</span>
        ))
      }
      beside={
        mayBeEmpty &&
        taken &&
        taken.next_free !== null && (
          <button type="button" className="button" onClick={() => onChange(String(taken.next_free))}>
            Use {taken.next_free}
          </button>
        )
      }
    />
  );
}
