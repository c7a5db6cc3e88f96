import { Empty } from "../../shared/parts/empty";
import { useViewerDialog } from "../../shared/viewers/dialog";

interface NoJobsProps {
  /** Whether jobs exist that the filter hides. */
  isFiltered: boolean;
  onClear: () => void;
}

/** In place of an empty list: what to do next. */
export function NoJobs({ isFiltered, onClear }: NoJobsProps) {
  const openDialog = useViewerDialog();
  if (isFiltered) {
    return (
      <Empty title="No job matches the filter">
        <button type="button" className="button" onClick={onClear}>
          Clear the filter
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="No jobs yet">
      <p>A job is a TensorBoard, or a MkDocs, that runs as a systemd unit. Start one here, or from a shell:</p>
      <code className="block">forgather tb --enqueue --logdir output_models</code>
      <button type="button" className="button button-main" onClick={() => openDialog("tensorboard", { kind: "global" })}>
        Start a TensorBoard
      </button>
    </Empty>
  );
}
