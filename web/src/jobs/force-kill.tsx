import type { Job } from "../api/types";
import { Modal } from "../parts/modal";

/** The second step in front of what cannot be softened. */
export function ForceKill({ job, onClose, onForce }: { job: Job; onClose: () => void; onForce: () => void }) {
  return (
    <Modal
      open
      onClose={onClose}
      title={`Force kill ${job.title}?`}
      description="Every process of the unit gets SIGKILL at once, without a chance to finish what it does. Kill asks first, and is nearly always enough."
    >
      <footer className="modal-foot">
        <button type="button" className="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-grave" onClick={onForce}>
          Force kill
        </button>
      </footer>
    </Modal>
  );
}
