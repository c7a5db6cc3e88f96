/** The fields that every kind of viewer has. */
import { CheckField, TextField } from "./fields";
import type { Problems, Use, ViewerForm } from "./form";
import { PortField } from "./port-field";

export interface FieldsProps<F> {
  form: F;
  problems: Problems<F>;
  change: (part: Partial<F>) => void;
  use: Use;
  /** The port that it has already: nobody else is in its way. */
  ownPort: string | null;
}

type CommonProps = FieldsProps<ViewerForm>;

interface MainProps extends CommonProps {
  noun: string;
  usualPort: string;
  /** The title where none was typed. */
  derivedTitle: string;
  titleHint?: string | undefined;
}

export function CommonFields({ form, problems, change, use, ownPort, noun, usualPort, derivedTitle, titleHint }: MainProps) {
  return (
    <>
      <div className="form-grid">
        <PortField
          value={form.port}
          usual={usualPort}
          isOwn={form.port === ownPort}
          mayBeEmpty={use === "service"}
          host={form.bindAll ? "0.0.0.0" : form.host.trim() || null}
          onChange={(port) => change({ port })}
          problem={problems.port}
        />
        <TextField
          label="Priority"
          value={form.priority}
          onChange={(priority) => change({ priority })}
          numeric
          problem={problems.priority}
          hint="Higher starts sooner; no GPUs reserved."
        />
      </div>
      <TextField
        label="Window title"
        value={form.windowTitle ?? derivedTitle}
        onChange={(windowTitle) => change({ windowTitle })}
        placeholder={noun}
        problem={problems.windowTitle}
        hint={titleHint}
      />
    </>
  );
}

export function BindAllField({ form, problems, change, shows }: CommonProps & { shows: string }) {
  return (
    <CheckField
      label="--bind_all"
      on={form.bindAll}
      onChange={(bindAll) => change({ bindAll })}
      problem={problems.bindAll}
      hint="Listen on all addresses of this machine."
      warning={
        form.bindAll &&
        `This bypasses the gate: whoever reaches the port sees the ${shows}, without a password. Opened through this page it needs no --bind_all.`
      }
    />
  );
}

/** Where and how long it runs. */
export function PlacingFields({ form, problems, change }: CommonProps) {
  return (
    <>
      {!form.bindAll && (
        <TextField
          label="Host"
          value={form.host}
          onChange={(host) => change({ host })}
          placeholder="127.0.0.1"
          mono
          problem={problems.host}
          hint="The address of this machine that it listens on."
        />
      )}
      <TextField
        label="Idle timeout"
        value={form.idleTimeout}
        onChange={(idleTimeout) => change({ idleTimeout })}
        placeholder="15 min"
        problem={problems.idleTimeout}
        hint="It sleeps when nobody has looked for so long, and wakes at the next visit. Or never."
      />
      <TextField
        label="Memory limit"
        value={form.memoryMax}
        onChange={(memoryMax) => change({ memoryMax })}
        placeholder="none"
        problem={problems.memoryMax}
        hint="Such as 2G. Beyond it the kernel ends it."
      />
    </>
  );
}

export function PrivateField({ form, problems, change }: CommonProps) {
  return (
    <CheckField
      label="Private"
      on={form.private}
      onChange={(isPrivate) => change({ private: isPrivate })}
      problem={problems.private}
      hint="No port that others on this machine could open: only this server reaches it."
    />
  );
}
