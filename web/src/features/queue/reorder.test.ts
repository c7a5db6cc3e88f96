import { describe, expect, it } from "vitest";
import { dispatchOrder, priorityChanges, type Queued } from "./reorder";

/** Jobs by their priorities, in dispatch order; ids a, b, c... in the order of their submission. */
function queue(...priorities: number[]): Queued[] {
  return dispatchOrder(priorities.map((priority, at) => ({ queue_id: "abcdefgh"[at]!, priority, submitted_at: at })));
}

function names(order: readonly Queued[]): string {
  return order.map((job) => job.queue_id).join("");
}

function after(order: readonly Queued[], from: number, to: number): { order: string; changes: number } {
  const changes = priorityChanges(order, from, to);
  const priority = new Map(changes.map((change) => [change.queue_id, change.priority]));
  const next = order.map((job) => ({ ...job, priority: priority.get(job.queue_id) ?? job.priority }));
  return { order: names(dispatchOrder(next)), changes: changes.length };
}

it("orders as the server dispatches", () => expect(names(queue(0, 5, 0, -1))).toBe("bacd"));

describe("priorityChanges", () => {
  it("changes nothing if nothing moves", () => expect(priorityChanges(queue(0, 0), 1, 1)).toEqual([]));

  it("raises only the moved job if that is enough", () => {
    expect(priorityChanges(queue(0, 0, 0), 2, 0)).toEqual([{ queue_id: "c", priority: 1 }]);
    expect(priorityChanges(queue(9, 5, 0), 2, 1)).toEqual([{ queue_id: "c", priority: 6 }]);
  });

  it("lowers only the moved job if that is enough", () => {
    expect(priorityChanges(queue(0, 0, 0), 0, 2)).toEqual([{ queue_id: "a", priority: -1 }]);
    expect(priorityChanges(queue(9, 5, 0), 0, 1)).toEqual([{ queue_id: "a", priority: 4 }]);
  });

  it("every move ends at its target, for any priorities", () => {
    for (const priorities of [[0, 0, 0, 0], [3, 2, 1, 0], [1, 1, 0, 0], [5, 5, 5, 4], [0, 0, 1, 2], [-1, 3, 3, -1]]) {
      const order = queue(...priorities);
      for (let from = 0; from < order.length; from += 1) {
        for (let to = 0; to < order.length; to += 1) {
          const wanted = [...names(order)];
          wanted.splice(to, 0, ...wanted.splice(from, 1));
          expect(after(order, from, to).order, `${priorities} ${from}->${to}`).toBe(wanted.join(""));
        }
      }
    }
  });
});
