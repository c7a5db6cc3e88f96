/** The kinds of viewer, in the sidebar's order: those with a folder below features/viewers, the others generic. */
import { genericKind } from "../features/viewers/generic-kind";
import { MKDOCS } from "../features/viewers/mkdocs/kind";
import { TENSORBOARD } from "../features/viewers/tensorboard/kind";
import type { ViewerKind } from "../shared/viewers/kinds";
import { KINDS, type KindOptions } from "../shared/viewers/options";

const OWN: readonly ViewerKind[] = [TENSORBOARD, MKDOCS];

export function viewersOf(kinds: readonly KindOptions[]): readonly ViewerKind[] {
  return kinds.map((options) => OWN.find((kind) => kind.type === options.type) ?? genericKind(options));
}

export const VIEWERS: readonly ViewerKind[] = viewersOf(KINDS);
