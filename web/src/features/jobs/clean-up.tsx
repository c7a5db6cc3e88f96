import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { cleanupQuery } from "../../shared/api/queries";
import { messageOf, request } from "../../shared/api/request";
import type { Cleanup } from "../../shared/api/types";
import { plural } from "../../shared/format/plural";
import { refetchJobs } from "../../shared/jobs/apply-changes";
import { restoreJobs } from "../../shared/jobs/restore-jobs";
import { Modal, ModalFoot } from "../../shared/parts/modal";
import { showToast } from "../../shared/parts/toasts";
import { kindsOfEnd } from "./ends";

/** Removes all ended jobs, after it says how many of each kind. */
export function CleanUp({ disabled }: { disabled: boolean }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <button type="button" className="button button-small push" disabled={disabled} onClick={() => setAsking(true)}>
        Clean completed...
      </button>
      {asking && <Question onClose={() => setAsking(false)} />}
    </>
  );
}

function Question({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const { data: preview, error } = useQuery(cleanupQuery);
  const clean = useMutation({
    mutationFn: () => request<Cleanup>("POST", "/api/jobs/cleanup"),
    onSuccess: ({ count, removed }) => {
      refetchJobs(client);
      showToast(`${plural(count, "ended job")} removed.`, "plain", () => void restoreJobs(client, removed));
    },
    onError: (failure) => showToast(messageOf(failure), "error"),
    onSettled: onClose,
  });
  const jobs = preview ? plural(preview.count, "job") : "";
  return (
    <Modal
      open
      onClose={onClose}
      title="Remove ended jobs?"
      description={
        error
          ? messageOf(error)
          : preview
            ? `${kindsOfEnd(preview)}. Only their records are removed: event files and output stay. You can undo it for a minute.`
            : "Counting the ended jobs..."
      }
    >
      <ModalFoot>
        <button type="button" className="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-danger" disabled={!preview?.count || clean.isPending} onClick={() => clean.mutate()}>
          Remove {jobs}
        </button>
      </ModalFoot>
    </Modal>
  );
}
