import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { servicesQuery } from "../../shared/api/queries";
import { ApiError, messageOf } from "../../shared/api/request";
import { wholeAddress } from "../../shared/own-address";
import { Modal, ModalBody, ModalFoot, ModalForm } from "../../shared/parts/modal";
import { TextField } from "../../shared/parts/fields";
import { optionsOf } from "../../shared/viewers/options";
import { useDeclare, type Declaration } from "./use-declare";

interface CreateServiceProps extends Pick<Declaration, "type" | "name"> {
  /** The args, once the derived title has arrived. */
  args: () => Promise<Declaration["args"]>;
  onName: (name: string) => void;
  onDone: () => void;
  /** Called for errors that do not concern the name. */
  onError: (error: Error) => void;
  onClose: () => void;
}

/** Asks for the name of a new service. */
export function CreateService({ type, name, onName, args, onDone, onError, onClose }: CreateServiceProps) {
  const services = useQuery(servicesQuery).data;
  const [problem, setProblem] = useState<string>();
  const create = useDeclare({
    onDone,
    onError: (error) => {
      if (error instanceof ApiError && error.field !== "name") onError(error);
      else setProblem(messageOf(error));
    },
  });
  const onSubmit = (event: React.FormEvent): void => {
    event.preventDefault();
    const typed = name.trim();
    // The server would replace the other service.
    const exists = services?.some(({ service }) => service.type === type && service.name === typed);
    if (exists) setProblem(`A service named ${typed} already exists.`);
    else void args().then((ready) => create.mutate({ type, name: typed, enabled: true, args: ready }));
  };
  return (
    <Modal
      open
      onClose={onClose}
      title="Create a service"
      description="The service is saved in the server's settings. It starts with the server and sleeps until its first visit."
    >
      <ModalForm onSubmit={onSubmit}>
        <ModalBody>
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
            hint={
              <>
                Lower-case letters, digits, _ and -. Its address: <code>{addressOf(type, name.trim())}</code>
              </>
            }
          />
        </ModalBody>
        <ModalFoot>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={create.isPending}>
            Create service
          </button>
        </ModalFoot>
      </ModalForm>
    </Modal>
  );
}

function addressOf(type: string, name: string): string {
  return wholeAddress(`/api/${optionsOf(type).segment}/${name || "..."}/`);
}
