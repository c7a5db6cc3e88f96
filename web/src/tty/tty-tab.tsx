import { useEffect, useRef, useState } from "react";
import type { Job } from "../api/types";
import { copyText } from "../parts/clipboard";
import { say } from "../parts/toasts";
import "../style/tty.css";
import { openScreen, type Screen } from "./terminal";
import { followTty } from "./tty-stream";
import { TtyBar } from "./tty-bar";

/** A job's output in a terminal: what was, and what comes. */
export default function TtyTab({ job }: { job: Job }) {
  const host = useRef<HTMLDivElement>(null);
  const screen = useRef<Screen | null>(null);
  const [follow, setFollow] = useState(true);
  const following = useRef(true);
  const [lost, setLost] = useState(false);
  const [ended, setEnded] = useState(false);
  const queueId = job.queue_id;

  useEffect(() => {
    if (!host.current) return undefined;
    const opened = openScreen(host.current);
    const { terminal } = opened;
    screen.current = opened;
    const stop = followTty({
      queueId,
      write: (piece) => terminal.write(piece, () => following.current && terminal.scrollToBottom()),
      onLost: setLost,
      onEnd: () => setEnded(true),
    });
    return () => {
      stop();
      screen.current = null;
      opened.dispose();
    };
  }, [queueId]);

  const setFollowing = (on: boolean): void => {
    following.current = on;
    setFollow(on);
    if (on) screen.current?.terminal.scrollToBottom();
  };
  /** Who scrolls up wants to read; who comes back to the end wants to see what comes. */
  const scrolled = (): void => {
    const buffer = screen.current?.terminal.buffer.active;
    if (!buffer) return;
    const atEnd = buffer.viewportY >= buffer.baseY;
    if (atEnd !== following.current) setFollowing(atEnd);
  };
  const copy = async (): Promise<void> => {
    const terminal = screen.current?.terminal;
    if (!terminal) return;
    const all = !terminal.hasSelection();
    if (all) terminal.selectAll();
    const text = terminal.getSelection().trimEnd();
    if (all) terminal.clearSelection();
    const copied = text !== "" && (await copyText(text));
    say(copied ? (all ? "The whole output is copied." : "The selection is copied.") : "There is nothing to copy.");
  };
  return (
    <div className="tty">
      <TtyBar
        queueId={queueId}
        follow={follow}
        onFollow={setFollowing}
        onCopy={() => void copy()}
        state={ended ? "ended" : lost ? "lost, trying again" : "live"}
        onSearch={(text, direction) => {
          const search = screen.current?.search;
          const found = direction === "next" ? search?.findNext(text, { incremental: false }) : search?.findPrevious(text);
          if (found) scrolled();
          return found ?? false;
        }}
      />
      <div
        ref={host}
        className="tty-screen"
        onWheel={() => setTimeout(scrolled, 60)}
        onKeyUp={scrolled}
        onPointerUp={scrolled}
      />
    </div>
  );
}
