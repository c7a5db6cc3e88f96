import { Modal, ModalFoot } from "../../shared/parts/modal";

/** Asks for confirmation before a declaration is removed from the settings file. */
export function DeleteService({ name, onClose, onDelete }: { name: string; onClose: () => void; onDelete: () => void }) {
  return (
    <Modal
      open
      onClose={onClose}
      title={`Delete the service ${name}?`}
      description="The service is stopped and removed from the server's settings. The files that it shows are kept. To use it again later, disable it instead."
    >
      <ModalFoot>
        <button type="button" className="button" autoFocus onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-danger" onClick={onDelete}>
          Delete service
        </button>
      </ModalFoot>
    </Modal>
  );
}
