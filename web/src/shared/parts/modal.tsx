import * as Dialog from "@radix-ui/react-dialog";
import { useState } from "react";
import { Icon } from "./icon";
import styles from "./modal.module.css";

interface ModalProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: React.ReactNode;
  wide?: boolean;
  children: React.ReactNode;
}

/**
 * A dialog over the page, with a backdrop of our own: Radix's adds an inline <style>, which the page's
 * Content-Security-Policy blocks.
 */
export function Modal({ open, onClose, title, description, wide, children }: ModalProps) {
  const [openedBy, setOpenedBy] = useState<Element | null>(() => (open ? opener() : null));
  const [wasOpen, setWasOpen] = useState(open);
  if (wasOpen !== open) {
    setWasOpen(open);
    if (open) setOpenedBy(opener());
  }
  return (
    <Dialog.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <Dialog.Portal>
        <div className={styles["backdrop"]}>
          <Dialog.Content
            onOpenAutoFocus={focusFirst}
            // Radix returns the focus only to its own triggers.
            onCloseAutoFocus={(event) => {
              event.preventDefault();
              if (openedBy instanceof HTMLElement) openedBy.focus();
            }}
            className={`${styles["modal"]} ${wide ? styles["wide"] : ""}`}
            {...(description ? {} : { "aria-describedby": undefined })}
          >
            <header className={styles["head"]}>
              <Dialog.Title>{title}</Dialog.Title>
              <Dialog.Close className="icon-button" aria-label="Close">
                <Icon name="close" />
              </Dialog.Close>
            </header>
            {description && <Dialog.Description className={styles["about"]}>{description}</Dialog.Description>}
            {children}
          </Dialog.Content>
        </div>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A form that fills the dialog. Its fields are validated by the page and the server, not by the browser. */
export function ModalForm({ onSubmit, children }: { onSubmit: (event: React.FormEvent) => void; children: React.ReactNode }) {
  return (
    <form onSubmit={onSubmit} noValidate className={styles["form"]}>
      {children}
    </form>
  );
}

/** The scrollable part of the dialog. */
export function ModalBody({ children }: { children: React.ReactNode }) {
  return <div className={styles["body"]}>{children}</div>;
}

/** The buttons at the end of the dialog. */
export function ModalFoot({ children }: { children: React.ReactNode }) {
  return <footer className={styles["foot"]}>{children}</footer>;
}

/** React's autoFocus does not work in a dialog over a dialog: the lower one still traps the focus. */
function focusFirst(event: Event): void {
  const first = event.target instanceof Element && event.target.querySelector("[data-first]");
  if (!(first instanceof HTMLElement)) return;
  event.preventDefault();
  first.focus();
}

/** The element that opened the dialog: the focused one, or the button of the menu that contains it. */
function opener(): Element | null {
  const focused = document.activeElement;
  const button = focused?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  return button ? document.getElementById(button) : focused;
}
