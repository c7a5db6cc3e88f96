import type { Job } from "../../shared/api/types";
import { Modal, ModalFoot } from "../../shared/parts/modal";

/** Asks for confirmation before SIGKILL. */
export function ForceKill({ job, onClose, onForce }: { job: Job; onClose: () => void; onForce: () => void }) {
  return (
    <Modal
      open
      onClose={onClose}
      title={`Force kill ${job.title}?`}
      description="Sends SIGKILL to every process of the unit, without a chance to finish. Kill lets them finish and is almost always enough."
    >
      <ModalFoot>
        <button type="button" className="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-danger" onClick={onForce}>
          Force kill
        </button>
      </ModalFoot>
    </Modal>
  );
}
