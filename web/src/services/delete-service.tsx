import { Modal } from "../parts/modal";

/** The second step in front of what takes a declaration out of the settings file. */
export function DeleteService({ name, onClose, onDelete }: { name: string; onClose: () => void; onDelete: () => void }) {
  return (
    <Modal
      open
      onClose={onClose}
      title={`Delete the service ${name}?`}
      description="It is stopped, and taken out of the server's settings. The files that it shows stay. To have it back later, switch it off instead."
    >
      <footer className="modal-foot">
        <button type="button" className="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-grave" onClick={onDelete}>
          Delete service
        </button>
      </footer>
    </Modal>
  );
}
