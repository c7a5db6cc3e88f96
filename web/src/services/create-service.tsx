import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { servicesQuery } from "../api/queries";
import { ApiError, sentence } from "../api/request";
import { Modal } from "../parts/modal";
import { TextField } from "../viewer/fields";
import { useDeclare, type Declaration } from "./use-declare";

interface CreateServiceProps extends Pick<Declaration, "type" | "name" | "args"> {
  onName: (name: string) => void;
  onDone: () => void;
  /** What is wrong with something else than the name. */
  onError: (error: Error) => void;
  onClose: () => void;
}

/** Asks for the name of a service to be. */
export function CreateService({ type, name, onName, args, onDone, onError, onClose }: CreateServiceProps) {
  const services = useQuery(servicesQuery).data;
  const [problem, setProblem] = useState<string>();
  const create = useDeclare({
    onDone,
    onError: (error) => {
      if (error instanceof ApiError && error.field !== "name") onError(error);
      else setProblem(sentence(error));
    },
  });
  const onSubmit = (event: React.FormEvent): void => {
    event.preventDefault();
    const typed = name.trim();
    // The server would take it as an edit of the other one.
    const isThere = services?.some(({ service }) => service.type === type && service.name === typed);
    if (isThere) setProblem(`There is a service ${typed} already.`);
    else create.mutate({ type, name: typed, enabled: true, args });
  };
  return (
    <Modal
      open
      onClose={onClose}
      title="Create a service"
      description="It is written into the server's settings, starts with the server, and sleeps until somebody looks."
    >
      <form onSubmit={onSubmit} noValidate className="modal-form">
        <div className="modal-body">
          <TextField
            label="Name"
            value={name}
            onChange={(typed) => {
              onName(typed);
              setProblem(undefined);
            }}
            mono
            first
            problem={problem}
            hint="Lower-case letters, digits, _ and -. It is a part of its address, which stays the same."
          />
        </div>
        <footer className="modal-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={create.isPending}>
            Create service
          </button>
        </footer>
      </form>
    </Modal>
  );
}
