import { useQuery } from "@tanstack/react-query";
import { portQuery } from "../api/queries";
import { useDebounced } from "../parts/debounced";
import { named } from "../jobs/state";
import { TextField } from "./fields";
import { parsePort } from "./form";

interface PortFieldProps {
  value: string;
  usual: string;
  /** Whether it is the port that it has already. */
  isOwn: boolean;
  /** Whether it may have none: it is then opened through the server alone. */
  mayBeEmpty: boolean;
  /** The address that it would listen on; null is the server's default. */
  host: string | null;
  onChange: (value: string) => void;
  problem: string | undefined;
}

/** Says at once who has the port. A taken one is no mistake: the job would wait for it. */
export function PortField({ value, usual, isOwn, mayBeEmpty, host, onChange, problem }: PortFieldProps) {
  const settled = useDebounced(value, 200);
  const settledHost = useDebounced(host, 400);
  const port = parsePort(settled);
  const asked = typeof port === "number" ? port : 0;
  const facts = useQuery({ ...portQuery(asked, settledHost), enabled: asked > 0 && !isOwn, retry: false }).data;
  const current = facts && !isOwn && settled === value && facts.port === asked ? facts : null;
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
            ? "No port: it is opened through this server alone."
            : undefined
      }
      facts={
        current &&
        (taken ? (
          <span className="field-warning">
            {taken.error ?? `Taken by ${named(taken.holder ?? "another process")}. The job would wait for it.`}
          </span>
        ) : (
          <span className="good">free</span>
        ))
      }
      beside={
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
