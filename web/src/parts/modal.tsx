import * as Dialog from "@radix-ui/react-dialog";
import { useState } from "react";
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
  const [back, setBack] = useState<Element | null>(() => (open ? opener() : null));
  const [was, setWas] = useState(open);
  if (was !== open) {
    setWas(open);
    if (open) setBack(opener());
  }
  return (
    <Dialog.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <Dialog.Portal>
        <div className="backdrop">
          <Dialog.Content
            onOpenAutoFocus={focusFirst}
            // Radix knows only triggers of its own, and ours are anywhere.
            onCloseAutoFocus={(event) => {
              event.preventDefault();
              if (back instanceof HTMLElement) back.focus();
            }}
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

/** A dialog over a dialog would lose React's own autoFocus to the lower one, which holds on to the focus until then. */
function focusFirst(event: Event): void {
  const first = event.target instanceof Element && event.target.querySelector("[data-first]");
  if (!(first instanceof HTMLElement)) return;
  event.preventDefault();
  first.focus();
}

/** Who opens the dialog has the focus; a menu's entry is gone by then, and its button is meant. */
function opener(): Element | null {
  const at = document.activeElement;
  const button = at?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  return button ? document.getElementById(button) : at;
}
