import { CheckField, TextField } from "./fields";
import type { Form, Problems } from "./form";

interface AdvancedProps {
  form: Form;
  problems: Problems;
  change: (part: Partial<Form>) => void;
}

export function Advanced({ form, problems, change }: AdvancedProps) {
  return (
    <div className="form-grid">
      <TextField
        label="Reload interval"
        value={form.reloadInterval}
        onChange={(reloadInterval) => change({ reloadInterval })}
        placeholder="5"
        numeric
        problem={problems.reloadInterval}
        hint="Seconds between two looks at the files. 0 loads once."
      />
      <TextField
        label="Samples per plugin"
        value={form.samplesPerPlugin}
        onChange={(samplesPerPlugin) => change({ samplesPerPlugin })}
        placeholder="images=100,scalars=500"
        mono
        problem={problems.samplesPerPlugin}
        hint="How many points each plugin keeps. 0 keeps all."
      />
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
      <div className="field-checks">
        <CheckField
          label="--reload_multifile"
          on={form.reloadMultifile}
          onChange={(reloadMultifile) => change({ reloadMultifile })}
          problem={problems.reloadMultifile}
          hint="Follow all event files of a run, with the slower loader."
        />
        <CheckField
          label="Private"
          on={form.private}
          onChange={(isPrivate) => change({ private: isPrivate })}
          problem={problems.private}
          hint="No port that others on this machine could open: only this server reaches it."
        />
      </div>
    </div>
  );
}
