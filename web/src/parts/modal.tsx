import * as Dialog from "@radix-ui/react-dialog";
import { Icon } from "./icon";

interface ModalProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: React.ReactNode;
  wide?: boolean;
  children: React.ReactNode;
}

/**
 * A dialog over the page. The backdrop is ours: Radix's own brings an inline <style>, which the page's
 * Content-Security-Policy refuses.
 */
export function Modal({ open, onClose, title, description, wide, children }: ModalProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <Dialog.Portal>
        <div className="backdrop">
          <Dialog.Content
            className={wide ? "modal modal-wide" : "modal"}
            {...(description ? {} : { "aria-describedby": undefined })}
          >
            <header className="modal-head">
              <Dialog.Title>{title}</Dialog.Title>
              <Dialog.Close className="icon-button" aria-label="Close">
                <Icon name="close" />
              </Dialog.Close>
            </header>
            {description && <Dialog.Description className="modal-about">{description}</Dialog.Description>}
            {children}
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
