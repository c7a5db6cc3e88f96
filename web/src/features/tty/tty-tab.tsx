import { useEffect, useRef, useState } from "react";
import type { Job } from "../../shared/api/types";
import { messageOf } from "../../shared/api/request";
import { copyText } from "../../shared/parts/clipboard";
import { showToast } from "../../shared/parts/toasts";
import { openScreen, type Screen } from "./terminal";
import { copyOutput } from "./copy-output";
import { TtyBar } from "./tty-bar";
import { TtyView } from "./tty-view";
import styles from "./tty.module.css";

/** A job's output in a terminal, followed live. */
export default function TtyTab({ job }: { job: Job }) {
  const host = useRef<HTMLDivElement>(null);
  const screen = useRef<Screen | null>(null);
  const view = useRef<TtyView | null>(null);
  const [follow, setFollow] = useState(true);
  const [lost, setLost] = useState(false);
  const [ended, setEnded] = useState(false);
  const [detached, setDetached] = useState(false);
  const queueId = job.queue_id;

  useEffect(() => {
    if (!host.current) return undefined;
    const opened = openScreen(host.current);
    const shown = new TtyView({
      queueId,
      terminal: opened.terminal,
      onLost: setLost,
      onEnded: setEnded,
      onDetached: setDetached,
      onError: (error) => showToast(messageOf(error)),
    });
    screen.current = opened;
    view.current = shown;
    return () => {
      shown.dispose();
      screen.current = null;
      view.current = null;
      opened.dispose();
    };
  }, [queueId]);

  const setFollowing = (on: boolean): void => {
    setFollow(on);
    if (!view.current) return;
    if (on) view.current.follow();
    else view.current.following = false;
  };
  /** Scrolling up stops following; scrolling to the end resumes it. */
  const scrolled = async (): Promise<void> => {
    const buffer = screen.current?.terminal.buffer.active;
    const shown = view.current;
    if (!buffer || !shown) return;
    const atEnd = buffer.viewportY >= buffer.baseY;
    const newer = shown.hasNewer;
    if (!newer && atEnd !== shown.following) setFollowing(atEnd);
    await shown.scrolled();
  };
  const copy = async (): Promise<void> => {
    const terminal = screen.current?.terminal;
    if (!terminal) return;
    if (terminal.hasSelection()) {
      const text = terminal.getSelection().trimEnd();
      showToast(text !== "" && (await copyText(text)) ? "Copied the selection." : "There is nothing to copy.");
      return;
    }
    showToast(await copyOutput(queueId).catch(messageOf));
  };
  return (
    <div className={styles["tty"]}>
      <TtyBar
        queueId={queueId}
        follow={follow && !detached}
        onFollow={setFollowing}
        onCopy={() => void copy()}
        state={detached ? "older output" : ended ? "ended" : lost ? "lost, reconnecting" : "live"}
        onSearch={(text, direction) => {
          const search = screen.current?.search;
          const found = direction === "next" ? search?.findNext(text, { incremental: false }) : search?.findPrevious(text);
          if (found) void scrolled();
          return found ?? false;
        }}
        isWhole={() => view.current?.isWhole ?? true}
      />
      <div
        ref={host}
        className={styles["screen"]}
        onWheel={() => setTimeout(() => void scrolled(), 60)}
        onKeyUp={() => void scrolled()}
        onPointerUp={() => void scrolled()}
      />
    </div>
  );
}
