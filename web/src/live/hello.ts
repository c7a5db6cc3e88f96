/** What the server says of itself at the head of the event stream. */
import { skipToken, useQuery } from "@tanstack/react-query";
import type { Hello } from "../api/types";

export const HELLO = ["hello"] as const;

export function useHello() {
  return useQuery<Hello>({ queryKey: HELLO, queryFn: skipToken, staleTime: Infinity });
}
